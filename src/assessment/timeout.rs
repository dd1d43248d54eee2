//! Work on many items at once, some of which may never end: reading a file on a dead network mount waits forever.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::platform;

/// As [`map_with_timeout`], for a start: the system lets no process become another one, or end, while a thread of it
/// waits in the kernel. So the work is done in copies of this process, as long as it has no other threads.
pub(super) fn map_apart<Item, Answer, Work>(
    items: Vec<Item>,
    timeout: Duration,
    work: Work,
) -> Vec<Option<Answer>>
where
    Item: Send + Sync + 'static,
    Answer: Serialize + DeserializeOwned + Send + 'static,
    Work: Fn(&Item) -> Answer + Send + Sync + 'static,
{
    let text = |place: usize| serde_json::to_vec(&work(&items[place])).unwrap_or_default();
    match platform::in_copies(items.len(), timeout, text) {
        Some(answers) => answers.into_iter().map(|text| serde_json::from_slice(&text?).ok()).collect(),
        None => map_with_timeout(items, timeout, work),
    }
}

/// State that the threads share.
struct Shared<Item, Work> {
    items: Vec<Item>,
    work: Work,
    next: AtomicUsize,
    /// When the work on each item began.
    begun: Mutex<Vec<Option<Instant>>>,
}

/// Does `work` on each item, on as many threads as there are processors. `None` for an item whose work took longer
/// than `timeout`: its thread is left behind, and another one goes on.
pub(super) fn map_with_timeout<Item, Answer, Work>(
    items: Vec<Item>,
    timeout: Duration,
    work: Work,
) -> Vec<Option<Answer>>
where
    Item: Send + Sync + 'static,
    Answer: Send + 'static,
    Work: Fn(&Item) -> Answer + Send + Sync + 'static,
{
    const PAUSE: Duration = Duration::from_millis(20);
    let count = items.len();
    let begun = Mutex::new(vec![None; count]);
    let shared = Arc::new(Shared { items, work, next: AtomicUsize::new(0), begun });
    let (sender, receiver) = mpsc::channel();
    let threads = thread::available_parallelism().map_or(2, NonZero::get).min(count);
    for _ in 0..threads {
        start(&shared, &sender);
    }
    let mut answers: Vec<Option<Answer>> = (0..count).map(|_| None).collect();
    let mut is_over = vec![false; count];
    while !is_over.iter().all(|is_over| *is_over) {
        match receiver.recv_timeout(PAUSE) {
            Ok((place, answer)) => {
                // A late answer still counts.
                (answers[place], is_over[place]) = (Some(answer), true);
                continue;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        let begun = shared.begun.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (place, begun) in begun.into_iter().enumerate() {
            if !is_over[place] && begun.is_some_and(|begun| begun.elapsed() > timeout) {
                is_over[place] = true;
                start(&shared, &sender);
            }
        }
    }
    answers
}

/// Starts a thread that takes one item after the other.
fn start<Item, Answer, Work>(shared: &Arc<Shared<Item, Work>>, sender: &Sender<(usize, Answer)>)
where
    Item: Send + Sync + 'static,
    Answer: Send + 'static,
    Work: Fn(&Item) -> Answer + Send + Sync + 'static,
{
    let (shared, sender) = (Arc::clone(shared), sender.clone());
    thread::spawn(move || {
        loop {
            let place = shared.next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = shared.items.get(place) else { break };
            shared.begun.lock().unwrap_or_else(PoisonError::into_inner)[place] = Some(Instant::now());
            let answer = (shared.work)(item);
            if sender.send((place, answer)).is_err() {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_has_its_answer_in_its_place() {
        let answers =
            map_with_timeout((0..100).collect(), Duration::from_secs(10), |number: &i32| number * 2);
        assert_eq!(answers, (0..100).map(|number| Some(number * 2)).collect::<Vec<_>>());
        assert!(map_with_timeout(Vec::<i32>::new(), Duration::from_secs(1), |number| *number).is_empty());
    }

    #[test]
    fn what_never_ends_holds_nobody_up() {
        let begun = Instant::now();
        let answers = map_with_timeout((0..40).collect(), Duration::from_millis(100), |number: &i32| {
            if number % 4 == 0 {
                thread::sleep(Duration::from_secs(60));
            }
            *number
        });
        assert!(begun.elapsed() < Duration::from_secs(30));
        let missing: Vec<usize> = (0..40).filter(|place| answers[*place].is_none()).collect();
        assert_eq!(missing, (0..40).step_by(4).collect::<Vec<_>>());
    }
}

//! Copies of this process: what waits for a disk in one of them keeps neither us nor the program that we become.

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, WaitOptions, waitpid};

/// Does `work` for each number below `count`, all at once, each in a copy of this process. Returns the bytes that it
/// returned; nothing for one that took longer than `timeout`, whose copy is left behind.
///
/// `None` if this process has other threads, or that is unknown: what those hold locked would stay so in a copy.
pub(crate) fn in_copies(
    count: usize,
    timeout: Duration,
    work: impl Fn(usize) -> Vec<u8>,
) -> Option<Vec<Option<Vec<u8>>>> {
    crate::platform::is_single_threaded().then(|| answers(count, timeout, work))
}

fn answers(count: usize, timeout: Duration, work: impl Fn(usize) -> Vec<u8>) -> Vec<Option<Vec<u8>>> {
    let end = Instant::now() + timeout;
    let mut copies: Vec<Begun> = (0..count)
        .map(|number| Begun {
            pipe: begin(timeout, || work(number)).ok(),
            answer: Vec::new(),
            has_answered: false,
        })
        .collect();
    while read_some(&mut copies, end) {}
    copies.into_iter().map(|copy| copy.has_answered.then_some(copy.answer)).collect()
}

/// A copy at work, and what came from it so far.
struct Begun {
    /// `None` once it has ended.
    pipe: Option<PipeReader>,
    answer: Vec<u8>,
    has_answered: bool,
}

/// Reads what the copies have written, or waits for it. Returns whether there can be more.
fn read_some(copies: &mut [Begun], end: Instant) -> bool {
    const SIZE: usize = 1 << 16;
    let mut waiting: Vec<&mut Begun> = copies.iter_mut().filter(|copy| copy.pipe.is_some()).collect();
    if waiting.is_empty() {
        return false;
    }
    let pipes = waiting.iter().filter_map(|copy| copy.pipe.as_ref());
    let mut polled: Vec<PollFd<'_>> = pipes.map(|pipe| PollFd::new(pipe, PollFlags::IN)).collect();
    let left = end.saturating_duration_since(Instant::now());
    let found = match poll(&mut polled, Timespec::try_from(left).ok().as_ref()) {
        Ok(0) => return false,
        Ok(_) => polled.iter().map(|pipe| !pipe.revents().is_empty()).collect(),
        Err(rustix::io::Errno::INTR) => Vec::new(),
        Err(_) => return false,
    };
    let mut buffer = vec![0; SIZE];
    for (copy, _) in waiting.iter_mut().zip(found).filter(|(_, is_ready)| *is_ready) {
        match copy.pipe.as_mut().map_or(Ok(0), |pipe| pipe.read(&mut buffer)) {
            Ok(0) => (copy.has_answered, copy.pipe) = (true, None),
            Ok(length) => copy.answer.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => copy.pipe = None,
        }
    }
    true
}

/// Begins `work` in a copy of this process, and returns where its answer can be read.
///
/// # Errors
/// Where the system gives no pipe, or no process.
fn begin(timeout: Duration, work: impl FnOnce() -> Vec<u8>) -> io::Result<PipeReader> {
    let (reader, writer) = io::pipe()?;
    // SAFETY: this process has no other thread whose locks a copy could meet, and no copy returns from here.
    #[expect(unsafe_code, reason = "the standard library copies no process without another program")]
    let between = unsafe {
        match libc::fork() {
            -1 => return Err(io::Error::last_os_error()),
            0 => {
                // Forked once more, so that neither we nor what we become is its parent: it may never end.
                if libc::fork() == 0 {
                    answer(writer, timeout, work);
                }
                libc::_exit(0)
            }
            between => between,
        }
    };
    let _ = rustix::io::retry_on_intr(|| waitpid(Pid::from_raw(between), WaitOptions::empty()));
    Ok(reader)
}

/// Does the work in the copy, where nothing of ours is kept open: neither a lock nor the pipe of somebody who waits for
/// our output.
fn answer(mut writer: PipeWriter, timeout: Duration, work: impl FnOnce() -> Vec<u8>) {
    end_after(timeout);
    let own = writer.as_raw_fd();
    let Ok(open) = open_files() else { return };
    for file in open.into_iter().filter(|file| *file != own) {
        // SAFETY: the copy ends without using any file that was open before.
        #[expect(unsafe_code, reason = "their owners are all over the program")]
        unsafe {
            libc::close(file);
        }
    }
    // A panic would go on as if it were in this process.
    if let Ok(answer) = catch_unwind(AssertUnwindSafe(work)) {
        let _ = writer.write_all(&answer);
    }
}

/// Has the copy end soon after `timeout`, as far as what it waits for can be interrupted.
fn end_after(timeout: Duration) {
    let seconds = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    // SAFETY: both touch no memory of ours.
    #[expect(unsafe_code, reason = "no crate has the alarm of a process")]
    unsafe {
        libc::signal(libc::SIGALRM, libc::SIG_DFL);
        libc::alarm(seconds);
    }
}

/// The files that this process has open.
fn open_files() -> io::Result<Vec<RawFd>> {
    let entries = fs_err::read_dir("/dev/fd")?.flatten();
    Ok(entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_copy_answers_in_its_place_however_much_it_has_to_say() {
        let work = |number: usize| vec![b'x'; number * 100_000];
        let lengths: Vec<_> = answers(5, Duration::from_secs(30), work)
            .into_iter()
            .map(|answer| answer.map(|a| a.len()))
            .collect();
        assert_eq!(lengths, (0..5).map(|number| Some(number * 100_000)).collect::<Vec<_>>());
        assert!(answers(0, Duration::from_secs(30), work).is_empty());
    }

    #[test]
    fn a_copy_that_never_answers_holds_nobody_up() {
        let begun = Instant::now();
        let work = |number: usize| {
            if number == 1 {
                std::thread::sleep(Duration::from_secs(60));
            }
            vec![7]
        };
        assert_eq!(answers(3, Duration::from_secs(2), work), [Some(vec![7]), None, Some(vec![7])]);
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}

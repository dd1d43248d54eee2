//! Questions, on the terminal.

use std::io::{self, BufRead as _};

use crate::ui::message;

/// Asks, and waits for the answer. Anything but a yes is a no.
pub(crate) fn is_confirmed(question: &str) -> bool {
    message::line(&format!("{question} [y/N]"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

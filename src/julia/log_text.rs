//! Finds the lines of a build's log that matter.

use std::path::Path;

/// Bytes searched at the end of a log.
const LAST_BYTES: usize = 64 * 1024;

/// Returns the last error in the log, with the lines after it; else its last lines. At most twelve lines.
pub(crate) fn last_error(log: &Path) -> String {
    const LINES: usize = 12;
    let text = printed(log, LAST_BYTES);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let is_error = |line: &&str| {
        let line = line.to_ascii_lowercase();
        line.contains("error:") || line.starts_with("fatal:") || line.contains("initerror(")
    };
    let start = lines.iter().rposition(is_error).unwrap_or_else(|| lines.len().saturating_sub(LINES));
    lines.iter().skip(start).take(LINES).copied().collect::<Vec<_>>().join("\n")
}

/// Returns `text`. If it only says that a package could not be precompiled, adds the first error of the last program in
/// the log, printed by the child process that precompiles.
pub(crate) fn with_cause(text: String, log: &Path) -> String {
    const LINES: usize = 8;
    if !text.contains("Failed to precompile") {
        return text;
    }
    let printed = printed(log, usize::MAX);
    let lines: Vec<&str> = printed.lines().collect();
    let begin = lines.iter().rposition(|line| line.starts_with("$ ")).map_or(0, |place| place + 1);
    let program = lines.get(begin..).unwrap_or_default();
    match program.iter().position(|line| line.starts_with("ERROR:")) {
        Some(place) => {
            let cause = program.iter().skip(place).take(LINES).copied().collect::<Vec<_>>().join("\n");
            format!("{}\n{cause}", text.trim_end())
        }
        None => text,
    }
}

/// Returns the last `count` bytes of a log as text, without colours and what moves the cursor: Julia 1.13 clears each line
/// that comes from a process which precompiles (`monitor_std`, `base/precompilation.jl`), whatever it writes to.
fn printed(log: &Path, count: usize) -> String {
    let bytes = fs_err::read(log).unwrap_or_default();
    let tail = bytes.get(bytes.len().saturating_sub(count)..).unwrap_or_default();
    let text = String::from_utf8_lossy(tail);
    // Line by line: a sequence that has no end takes all that follows.
    text.lines().flat_map(|line| [console::strip_ansi_codes(line), "\n".into()]).collect()
}

/// LLVM's message when it cannot generate code: its own line, the function, and the function's package if a path in the
/// trace shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GeneratorError {
    pub(crate) text: String,
    pub(crate) function: Option<String>,
    pub(crate) package: Option<String>,
}

/// Returns the last such error of a log (`report_fatal_error`, `SelectionDAGISel::CannotYetSelect` of LLVM: a line,
/// then the node to select, then `In function: julia_name_number`).
pub(crate) fn generator_error(log: &Path) -> Option<GeneratorError> {
    const LINES: usize = 60;
    let printed = printed(log, usize::MAX);
    let lines: Vec<&str> = printed.lines().collect();
    let start = lines.iter().rposition(|line| line.starts_with("LLVM ERROR:"))?;
    let after = || lines.iter().skip(start).take(LINES);
    let function = after().find_map(|line| line.strip_prefix("In function: ")).map(julia_function);
    let package = after().find_map(|line| leading_name(line.split("/packages/").nth(1)?));
    Some(GeneratorError { text: (*lines.get(start)?).to_owned(), function, package })
}

/// Returns the name of a function in the source: `julia_name_123` and `jfptr_name_123` are compiled forms of it.
fn julia_function(name: &str) -> String {
    let name = name.trim();
    let inner = ["julia_", "japi1_", "japi3_", "jfptr_", "jlsys_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix));
    let inner = inner.unwrap_or(name);
    match inner.rsplit_once('_') {
        Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => inner.to_owned(),
    }
}

/// Returns the name of the module whose `__init__` failed, if the text says so: as `InitError(mod=:Name, …`, or by the
/// file of a package in the trace (Julia 1.5 prints `#<null>` for the error itself).
pub(crate) fn failed_initialisation(text: &str) -> Option<String> {
    if let Some(after) = text.split("InitError(mod=:").nth(1) {
        return leading_name(after);
    }
    let frame = text.lines().find(|line| line.trim_start().starts_with("__init__ at "))?;
    leading_name(frame.split("/packages/").nth(1)?)
}

/// Whether Julia ended because an `__init__` in its image failed.
pub(crate) fn is_failed_initialisation(text: &str) -> bool {
    text.contains("fatal: error thrown and no exception handler available")
}

fn leading_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_is_found_and_without_one_the_end() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let log = folder.path().join("log");
        fs_err::write(&log, "one\nERROR: first\ntwo\nERROR: second\nthree\n").expect("write");
        assert_eq!(last_error(&log), "ERROR: second\nthree");
        fs_err::write(&log, "one\ntwo\n").expect("write");
        assert_eq!(last_error(&log), "one\ntwo");
        assert_eq!(last_error(&folder.path().join("absent")), "");
    }

    #[test]
    fn the_cause_of_a_failed_precompilation_is_in_the_log() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let log = folder.path().join("log");
        fs_err::write(&log, "$ one\nERROR: old\n$ two\nnote\nERROR: new\nthere\n").expect("write");
        let text = "Failed to precompile A to A.ji.\n".to_owned();
        assert_eq!(with_cause(text, &log), "Failed to precompile A to A.ji.\nERROR: new\nthere");
        assert_eq!(with_cause("no such name".to_owned(), &log), "no such name");
        fs_err::write(&log, "$ julia\n\u{1b}]P0000000\nERROR: new\n").expect("write");
        let text = "Failed to precompile A to A.ji.\n".to_owned();
        assert_eq!(with_cause(text, &log), "Failed to precompile A to A.ji.\nERROR: new");
        // As Julia 1.13 writes it.
        fs_err::write(&log, "$ julia\n\u{1b}[0KERROR: new\n\u{1b}[0Kthere\n").expect("write");
        let text = "Failed to precompile A to A.ji.\n".to_owned();
        assert_eq!(with_cause(text, &log), "Failed to precompile A to A.ji.\nERROR: new\nthere");
    }

    #[test]
    fn the_function_that_llvm_cannot_compile_is_named() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let log = folder.path().join("log");
        let printed = "$ julia\nLLVM ERROR: Cannot select: 0x55: v4i64 = X86ISD::VBROADCAST 0x66\n  0x66: i64,ch\n\
                       In function: julia__sum_4321\n\n[99] signal 6 (-6): Aborted\n\
                       in expression starting at /depot/packages/Fast/aB3dE/src/Fast.jl:7\n";
        fs_err::write(&log, printed).expect("write");
        let error = generator_error(&log).expect("an error");
        assert_eq!(error.text, "LLVM ERROR: Cannot select: 0x55: v4i64 = X86ISD::VBROADCAST 0x66");
        assert_eq!((error.function.as_deref(), error.package.as_deref()), (Some("_sum"), Some("Fast")));
        fs_err::write(&log, "LLVM ERROR: out of patience\n").expect("write");
        let error = generator_error(&log).expect("an error");
        assert_eq!((error.function, error.package), (None, None));
        fs_err::write(&log, "ERROR: no\n").expect("write");
        assert_eq!(generator_error(&log), None);
    }

    #[test]
    fn the_module_that_failed_is_named() {
        let text = "fatal: error thrown\nInitError(mod=:Trouble, error=ErrorException(\"x\"))";
        assert_eq!(failed_initialisation(text).as_deref(), Some("Trouble"));
        assert_eq!(failed_initialisation("InitError(mod=:"), None);
        let trace =
            "fatal: error thrown\n#<null>\n__init__ at /depot/packages/Trouble/aB3dE/src/Trouble.jl:4";
        assert_eq!(failed_initialisation(trace).as_deref(), Some("Trouble"));
        assert_eq!(failed_initialisation("__init__ at sys.so (unknown line)"), None);
    }
}

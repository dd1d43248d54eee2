//! All options of Julia 1.4 to 1.14, and how an abbreviated one is resolved.
//!
//! Source: `shortopts` and `longopts` in src/jloptions.c, read at the branch points of 1.4 to 1.13,
//! at 1.11.7 and 1.12.5, and on master of 2026-06-12 (`c8851d0b62`, 1.14). No option changed its arity
//! in these versions.

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    None,
    /// `--name=value` or `--name value`.
    Required,
    /// `--name` or `--name=value`; never the next argument.
    Optional,
}

/// One option of Julia.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JuliaOption {
    /// The name after `--`.
    pub(crate) long: &'static str,
    /// The letter after `-`.
    pub(crate) short: Option<u8>,
    /// Whether the long form takes a value.
    pub(crate) arity: Arity,
    /// First minor version 1.x that has it; 4 stands for 1.4 and earlier.
    since: u8,
    /// Last minor version 1.x that has it.
    until: u8,
}

const OLDEST: u8 = 4;
const NEWEST: u8 = 14;

const fn option(long: &'static str, short: Option<u8>, arity: Arity, since: u8) -> JuliaOption {
    JuliaOption { long, short, arity, since, until: NEWEST }
}

const fn flag(long: &'static str, since: u8) -> JuliaOption {
    option(long, None, Arity::None, since)
}

const fn valued(long: &'static str, since: u8) -> JuliaOption {
    option(long, None, Arity::Required, since)
}

const fn optional(long: &'static str, since: u8) -> JuliaOption {
    option(long, None, Arity::Optional, since)
}

/// `--interactive` and `--debug-info` came in 1.9; their letters are older.
static TABLE: [JuliaOption; 68] = [
    option("version", Some(b'v'), Arity::None, 4),
    option("help", Some(b'h'), Arity::None, 4),
    flag("help-hidden", 4),
    option("interactive", Some(b'i'), Arity::None, 9),
    option("quiet", Some(b'q'), Arity::None, 4),
    valued("banner", 4),
    option("home", Some(b'H'), Arity::Required, 4),
    option("eval", Some(b'e'), Arity::Required, 4),
    option("print", Some(b'E'), Arity::Required, 4),
    option("module", Some(b'm'), Arity::Required, 12),
    option("load", Some(b'L'), Arity::Required, 4),
    valued("bug-report", 5),
    option("sysimage", Some(b'J'), Arity::Required, 4),
    valued("sysimage-native-code", 4),
    valued("compiled-modules", 4),
    valued("pkgimages", 9),
    option("cpu-target", Some(b'C'), Arity::Required, 4),
    option("procs", Some(b'p'), Arity::Required, 4),
    option("threads", Some(b't'), Arity::Required, 5),
    valued("gcthreads", 10),
    valued("machine-file", 4),
    // The letter came with 1.14 (`cd719da6d6`): `P:`, so that it takes a value.
    option("project", Some(b'P'), Arity::Optional, 4),
    valued("color", 4),
    valued("history-file", 4),
    valued("startup-file", 4),
    valued("compile", 4),
    optional("code-coverage", 4),
    optional("track-allocation", 4),
    option("optimize", Some(b'O'), Arity::Optional, 4),
    optional("min-optlevel", 7),
    option("debug-info", Some(b'g'), Arity::Optional, 9),
    valued("check-bounds", 4),
    valued("output-bc", 4),
    valued("output-unopt-bc", 4),
    JuliaOption { long: "output-jit-bc", short: None, arity: Arity::Required, since: 4, until: 4 },
    valued("output-o", 4),
    valued("output-asm", 5),
    valued("output-ji", 4),
    valued("output-incremental", 4),
    valued("depwarn", 4),
    valued("warn-overwrite", 4),
    valued("warn-scope", 5),
    valued("inline", 4),
    valued("polly", 4),
    valued("timeout-for-safepoint-straggler", 12),
    valued("trace-compile", 4),
    flag("trace-compile-timing", 12),
    valued("trace-dispatch", 12),
    optional("trace-eval", 13),
    valued("task-metrics", 12),
    valued("math-mode", 4),
    valued("handle-signals", 4),
    flag("experimental", 12),
    optional("worker", 4),
    valued("bind-to", 4),
    flag("lisp", 4),
    flag("image-codegen", 6),
    flag("rr-detach", 7),
    flag("strip-metadata", 8),
    flag("strip-ir", 8),
    valued("permalloc-pkgimg", 10),
    valued("heap-size-hint", 9),
    valued("hard-heap-limit", 13),
    valued("heap-target-increment", 13),
    flag("gc-sweep-always-full", 13),
    optional("trim", 12),
    // For `--output-o`: `yes` compresses the data of an image, not its code (`cbea8cf28e`).
    valued("compress-sysimage", 13),
    valued("target-sanitize", 14),
];

/// Returns the option that `name` (without `--`) stands for: the name itself, or a prefix that only one option has.
/// Whether a prefix is unique depends on the version, which is unknown here: the newest Julia in which it is unique
/// decides, since the others refuse it anyway.
pub(crate) fn long(name: &str) -> Option<&'static JuliaOption> {
    if name.is_empty() {
        return None;
    }
    if let Some(exact) = TABLE.iter().find(|option| option.long == name) {
        return Some(exact);
    }
    (OLDEST..=NEWEST).rev().find_map(|version| {
        let mut candidates = TABLE.iter().filter(|option| {
            option.long.starts_with(name) && (option.since..=option.until).contains(&version)
        });
        let first = candidates.next()?;
        candidates.next().is_none().then_some(first)
    })
}

/// The option with this letter.
pub(crate) fn short(letter: u8) -> Option<&'static JuliaOption> {
    TABLE.iter().find(|option| option.short == Some(letter))
}

/// Whether the letter takes a value. Letters have no optional values in Julia's getopt (`O:g:`), so `-O` and `-g` take
/// the next argument, even the script in `-O script.jl`.
pub(crate) fn short_takes_value(option: &JuliaOption) -> bool {
    option.arity != Arity::None
}

use std::ffi::{OsStr, OsString};
use std::path::Path;

use proptest::prelude::*;

use super::effects::Program;
use super::own::OwnOptions;
use super::*;
use crate::model::loading::environment::ProjectFlag;
use crate::model::settings::ImagePolicy;

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

fn parted(line: &str) -> Split {
    split(&words(line)).expect("no `--julia` without a path")
}

fn effects(line: &str) -> Effects {
    parted(&format!("-- {line}")).effects()
}

/// Without a file for a recording.
fn composed(split: &Split, project: Option<&Path>, image: Option<&Path>) -> Vec<OsString> {
    compose(split, Additions { image, project, trace: None })
}

#[test]
fn julia_s_options_end_where_getopt_ends_them() {
    // Typed, Julia's options, the rest.
    let table = [
        ("", "", ""),
        ("script.jl --project", "", "script.jl --project"),
        ("--project script.jl -J x", "--project", "script.jl -J x"),
        ("--project=a b -q", "--project=a", "b -q"),
        ("-e 1+1 -q a -i", "-e 1+1 -q", "a -i"),
        ("-e1+1 a", "-e1+1", "a"),
        ("-qi a", "-qi", "a"),
        ("-qie 1 a", "-qie 1", "a"),
        ("-Lfile -L file a", "-Lfile -L file", "a"),
        ("-t4 -t 4 -p2 -p 2 a", "-t4 -t 4 -p2 -p 2", "a"),
        ("-O3 a", "-O3", "a"),
        // The short string has `O:g:`: both take what follows, whatever it is.
        ("-O a b", "-O a", "b"),
        ("-g -q b", "-g -q", "b"),
        ("-O", "-O", ""),
        ("--optimize a", "--optimize", "a"),
        ("--optimize=3 a", "--optimize=3", "a"),
        ("--worker a", "--worker", "a"),
        ("--threads 4 a", "--threads 4", "a"),
        ("--eval=1 a", "--eval=1", "a"),
        ("--ev 1 a", "--ev 1", "a"),
        ("--proj a", "--proj", "a"),
        ("--thr 4 a", "--thr 4", "a"),
        // `--sysimage-native-code` begins so as well: Julia refuses it, and it takes no file.
        ("--sysi x.so a", "--sysi", "x.so a"),
        // Ambiguous from 1.12 on; 1.11 takes it, and a file with it.
        ("--trace-c out a", "--trace-c out", "a"),
        ("--trace-compile out a", "--trace-compile out", "a"),
        ("--nonsense a", "--nonsense", "a"),
        ("--nonsense=a b", "--nonsense=a", "b"),
        ("--project -- a", "--project", "-- a"),
        ("-q -- --dry-run", "-q", "-- --dry-run"),
        ("-q - a", "-q", "- a"),
        ("-e --", "-e --", ""),
        ("-m Package --project -v", "-m Package", "--project -v"),
        ("-q -mPackage.Sub --dry-run", "-q -mPackage.Sub", "--dry-run"),
        ("-e", "-e", ""),
        ("--eval", "--eval", ""),
        ("--quiet=x a", "--quiet=x", "a"),
        ("-zq a", "-zq", "a"),
    ];
    for (line, julia, rest) in table {
        let split = parted(line);
        assert_eq!((split.julia, split.rest), (words(julia), words(rest)), "{line}");
        assert_eq!(split.own, OwnOptions::default(), "{line}");
    }
}

#[test]
fn an_empty_argument_is_a_script() {
    let split = split(&[OsString::from("-q"), OsString::new(), OsString::from("-i")]).unwrap();
    assert_eq!(split.rest, [OsString::new(), OsString::from("-i")]);
}

#[test]
fn verbosity_and_channel_are_ours_only_in_front() {
    let split = parted("-v -vv --verbose +1.10 --quiet -q -v +1.9");
    assert_eq!((split.own.verbose, split.own.quiet), (4, true));
    assert_eq!(split.own.channel.as_deref(), Some(OsStr::new("1.10")));
    assert_eq!(split.julia, words("--quiet -q -v"));
    assert_eq!(split.rest, words("+1.9"));
    assert_eq!(parted("+1.10 +1.9").rest, words("+1.9"));
    assert_eq!(parted("-vq").julia, words("-vq"));
    assert!(!parted("-e 1 --quiet").own.quiet);
    assert_eq!(parted("--project +1.9").rest, words("+1.9"));
}

#[test]
fn some_are_ours_wherever_julia_has_options() {
    let split = parted("--project --dry-run -e 1 --julia /j --sysimage=none --sysimage require a --dry-run");
    assert!(split.own.dry_run);
    assert_eq!(split.own.julia.as_deref(), Some(Path::new("/j")));
    assert_eq!(split.own.sysimage, Some(ImagePolicy::Require));
    assert_eq!((split.julia, split.rest), (words("--project -e 1"), words("a --dry-run")));
    assert_eq!(parted("-v --julia=/j -v").own.verbose, 2);
    assert_eq!(parted("-e --dry-run").julia, words("-e --dry-run"));
}

#[test]
fn other_values_of_sysimage_are_julia_s() {
    for line in ["--sysimage=Auto", "--sysimage=/x.so", "--sysimage x.so", "-J auto", "-Jnone", "--sysimage"]
    {
        let split = parted(line);
        assert_eq!((split.own.sysimage, &split.julia), (None, &words(line)), "{line}");
        assert_eq!(split.effects().image_ruled_out, Some(Ruling::ImageGiven));
    }
}

#[test]
fn two_dashes_in_front_end_what_is_ours() {
    for line in ["-v", "--sysimage=auto", "--dry-run -e 1", "--julia", "+1.9 a", "-- a", "script.jl -v"] {
        let split = parted(&format!("-v +1.10 -- {line}"));
        assert_eq!(split.own.verbose, 1);
        assert_eq!(composed(&split, None, None), words(line), "{line}");
    }
    assert_eq!(effects("--sysimage=auto").image_ruled_out, Some(Ruling::ImageGiven));
    assert_eq!(parted("-- -v").effects().image_ruled_out, Some(Ruling::Prints("version")));
}

#[test]
fn a_julia_without_a_path_is_refused() {
    for line in ["--julia", "--julia=", "--project --julia"] {
        assert_eq!(split(&words(line)), Err(SplitError::JuliaWithoutPath), "{line}");
    }
}

#[test]
fn the_last_project_counts() {
    let value = |text: &str| Some(ProjectFlag::Value(text.into()));
    assert_eq!(effects("").project, None);
    assert_eq!(effects("--project").project, Some(ProjectFlag::Bare));
    assert_eq!(effects("--project=").project, value(""));
    assert_eq!(effects("--project --proj=@x").project, value("@x"));
    assert_eq!(effects("--project=a=b --project").project, Some(ProjectFlag::Bare));
    // From 1.14 on, with a value that must be there.
    assert_eq!(effects("-P @x").project, value("@x"));
    assert_eq!(effects("-P@x s.jl").project, value("@x"));
    assert_eq!(effects("--project=@script s.jl").project, value("@script"));
    assert_eq!(effects("s.jl --project").project, None);
}

#[test]
fn rulings_look_at_values() {
    let table = [
        ("--project -t4 -O3 -g2 --inline=yes --compile=min --compiled-modules=no --pkgimages=no", None),
        ("--code-coverage=none --track-allocation=none -C native", None),
        ("--code-coverage --code-coverage=none", None),
        ("--check-bounds=yes --check-bounds=auto", None),
        ("--math-mode=user --sysimage-native-code=yes --lisp=no", None),
        ("--code-coverage", Some(Ruling::CodeCoverage)),
        ("--code-coverage=@src", Some(Ruling::CodeCoverage)),
        ("--code-coverage=x.info", Some(Ruling::CodeCoverage)),
        ("--track-allocation=user", Some(Ruling::TrackAllocation)),
        ("--check-bounds yes", Some(Ruling::CheckBounds("yes"))),
        ("--check-bounds=no --check-b=yes", Some(Ruling::CheckBounds("yes"))),
        ("--check-bounds=no", Some(Ruling::CheckBounds("no"))),
        ("--inline=yes --inline=no", Some(Ruling::Inline)),
        ("--math-mode=ieee", Some(Ruling::MathMode)),
        ("--sysimage-native-code=no", Some(Ruling::NativeCode)),
        ("-C generic", Some(Ruling::CpuTarget("generic".into()))),
        ("-C a -C b", Some(Ruling::CpuTarget("b".into()))),
        ("-Cnative,clone_all", Some(Ruling::CpuTarget("native,clone_all".into()))),
        ("--output-o x.o", Some(Ruling::Output("output-o"))),
        ("--output-incremental=yes", Some(Ruling::Output("output-incremental"))),
        ("--bug-report=rr", Some(Ruling::BugReport)),
        ("-H /x", Some(Ruling::Home)),
        ("--lisp", Some(Ruling::Lisp)),
        ("-q --help-hidden", Some(Ruling::Prints("help-hidden"))),
        ("-e 1 -h", Some(Ruling::Prints("help"))),
        ("-J x.so --check-bounds=yes", Some(Ruling::ImageGiven)),
        ("s.jl --code-coverage", None),
        ("-e --version", None),
    ];
    for (line, ruling) in table {
        assert_eq!(effects(line).image_ruled_out, ruling, "{line}");
    }
}

#[test]
fn the_program_is_known() {
    let table = [
        ("", Program::Repl),
        ("-i -q", Program::Repl),
        ("-L a.jl", Program::Repl),
        ("-i a.jl b", Program::Script("a.jl".into())),
        ("- b", Program::Script("-".into())),
        ("-- a.jl", Program::Script("a.jl".into())),
        ("-- -- b", Program::Script("--".into())),
        ("-- --", Program::Script("--".into())),
        ("--", Program::Repl),
        ("-e 1 a.jl", Program::Code),
        ("-E1", Program::Code),
        ("-m A.B c", Program::Module("A.B".into())),
        ("--worker=cookie", Program::Worker),
    ];
    for (line, program) in table {
        // `split` is asked without a leading `--` of ours, which would eat the one in the table.
        assert_eq!(
            split(&words(&format!("--banner=no {line}"))).unwrap().effects().program,
            program,
            "{line}"
        );
    }
    assert_eq!(effects("-i a.jl").script(), Some(OsStr::new("a.jl")));
    assert_eq!(effects("-e 1 a.jl").script(), None);
}

#[test]
fn composing_puts_ours_first_and_keeps_the_rest() {
    let split = parted("--dry-run -t4 --project=x --proj -e 1 a --project=y");
    let (project, image) = (Path::new("/p q"), Path::new("/i.so"));
    let text = |arguments: Vec<OsString>| arguments.join(OsStr::new("|")).into_string().unwrap();
    assert_eq!(
        text(composed(&split, Some(project), Some(image))),
        "--sysimage=/i.so|--project=/p q|-t4|-e|1|a|--project=y"
    );
    assert_eq!(text(composed(&split, Some(project), None)), "--project=/p q|-t4|-e|1|a|--project=y");
    assert_eq!(
        text(composed(&split, None, Some(image))),
        "--sysimage=/i.so|-t4|--project=x|--proj|-e|1|a|--project=y"
    );
    assert_eq!(text(composed(&parted("--lisp -q"), Some(project), None)), "--lisp|--project=/p q|-q");
}

#[test]
fn arguments_of_a_channel_go_in_front_and_are_read() {
    let with = |arguments: &[&str], line: &str| {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        parted(line).with_channel_arguments(&arguments)
    };
    let split = with(&["--threads=4", "-J/x.so"], "--dry-run -q a.jl");
    assert!(split.own.dry_run);
    assert_eq!(split.effects().image_ruled_out, Some(Ruling::ImageGiven));
    assert_eq!((split.julia, split.rest), (words("--threads=4 -J/x.so -q"), words("a.jl")));
    let split = with(&["main.jl"], "-q a.jl");
    assert_eq!((split.julia, split.rest), (vec![], words("main.jl -q a.jl")));
    let split = with(&["-e"], "a.jl b.jl");
    assert_eq!((split.julia, split.rest), (words("-e a.jl"), words("b.jl")));
}

/// What is not UTF-8 comes out byte for byte.
#[cfg(unix)]
#[test]
fn any_byte_passes_through() {
    use std::os::unix::ffi::OsStrExt as _;
    let word = |bytes: &[u8]| OsStr::from_bytes(bytes).to_os_string();
    let typed = [
        word(b"+\xff"),
        word(b"--julia=\xfe/j"),
        word(b"--project=\xff p"),
        word(b"-e\xc3("),
        word(b"--\xff=1"),
        word(b"-\xff"),
        word(b"\xff.jl"),
    ];
    let split = split(&typed).unwrap();
    assert_eq!(split.own.channel, Some(word(b"\xff")));
    assert_eq!(split.own.julia, Some(word(b"\xfe/j").into()));
    assert_eq!(split.julia, &typed[2..6]);
    assert_eq!(split.rest, &typed[6..]);
    assert_eq!(split.effects().project, Some(ProjectFlag::Value(word(b"\xff p"))));
    let image = Path::new(OsStr::from_bytes(b"/\xfd"));
    assert_eq!(composed(&split, None, Some(image))[0], word(b"--sysimage=/\xfd"));
}

/// Words that mean something here, and any others.
fn argument() -> impl Strategy<Value = OsString> {
    let known = proptest::sample::select(vec![
        "--",
        "-",
        "",
        "-v",
        "-vv",
        "--verbose",
        "--quiet",
        "-q",
        "+1.10",
        "--dry-run",
        "--julia",
        "--julia=/j",
        "--sysimage",
        "auto",
        "--sysimage=none",
        "--sysimage=x.so",
        "-J",
        "-Jx",
        "--project",
        "--project=@.",
        "-e",
        "-e1",
        "-qi",
        "-O",
        "-O3",
        "-m",
        "-mA",
        "--pro",
        "--trace-c",
        "a.jl",
        "--nonsense",
        "-zq",
        "--lisp",
    ]);
    prop_oneof![4 => known.prop_map(OsString::from), 1 => bytes()]
}

#[cfg(unix)]
fn bytes() -> impl Strategy<Value = OsString> {
    use std::os::unix::ffi::OsStringExt as _;
    proptest::collection::vec(prop_oneof![Just(b'-'), Just(b'='), 1_u8..], 0..8).prop_map(OsString::from_vec)
}

#[cfg(not(unix))]
fn bytes() -> impl Strategy<Value = OsString> {
    "[-=a-z]{0,8}".prop_map(OsString::from)
}

/// Whether `argument` is one that `run` takes for itself, or the value of one.
fn may_be_ours(argument: &OsStr) -> bool {
    let text = argument.to_string_lossy();
    let verbose = text.starts_with('-') && text.len() > 1 && text[1..].bytes().all(|letter| letter == b'v');
    verbose
        || text.starts_with('+')
        || text.starts_with("--julia")
        || ["--", "--verbose", "--quiet", "--dry-run", "--record", "--sysimage"].contains(&text.as_ref())
        || ["auto", "none", "require"].contains(&text.trim_start_matches("--sysimage="))
}

/// Whether `passed` is `typed` without arguments that may be ours: each either stays or goes, and what goes
/// is ours or the value of a `--julia` that went.
fn is_without_ours(typed: &[OsString], passed: &[OsString], value_of_julia: bool) -> bool {
    let Some((first, rest)) = typed.split_first() else { return passed.is_empty() };
    let stays =
        passed.split_first().is_some_and(|(next, left)| next == first && is_without_ours(rest, left, false));
    let goes = || {
        (value_of_julia || may_be_ours(first))
            && is_without_ours(rest, passed, !value_of_julia && first == "--julia")
    };
    stays || goes()
}

proptest! {
    /// What is passed on is what was typed, in its order, without what is ours.
    #[test]
    fn nothing_is_lost(arguments in proptest::collection::vec(argument(), 0..12)) {
        let Ok(split) = split(&arguments) else { return Ok(()) };
        let passed = [split.julia, split.rest].concat();
        prop_assert!(is_without_ours(&arguments, &passed, false), "{passed:?}");
    }

    /// After a leading `--` all is Julia's.
    #[test]
    fn a_leading_end_of_options_hands_all_to_julia(arguments in proptest::collection::vec(argument(), 0..12)) {
        let mut dashed = vec![OsString::from("--")];
        dashed.extend_from_slice(&arguments);
        let split = split(&dashed).unwrap();
        prop_assert_eq!(&split.own, &OwnOptions::default());
        prop_assert_eq!(composed(&split, None, None), arguments);
    }

    /// Julia, given what is passed on, reads it as it was read here.
    #[test]
    fn what_is_passed_on_splits_the_same_way(arguments in proptest::collection::vec(argument(), 0..12)) {
        let Ok(first) = split(&arguments) else { return Ok(()) };
        let mut dashed = vec![OsString::from("--")];
        dashed.extend(composed(&first, None, None));
        let second = split(&dashed).unwrap();
        prop_assert_eq!(first.effects(), second.effects());
        prop_assert_eq!((first.julia, first.rest), (second.julia, second.rest));
    }

    /// A project of ours is the only one, and comes before all that was typed.
    #[test]
    fn the_composed_project_wins(arguments in proptest::collection::vec(argument(), 0..12)) {
        let Ok(split) = split(&arguments) else { return Ok(()) };
        let mut dashed = vec![OsString::from("--")];
        dashed.extend(composed(&split, Some(Path::new("/p")), Some(Path::new("/i.so"))));
        let composed = super::split(&dashed).unwrap();
        prop_assert_eq!(composed.effects().project, Some(ProjectFlag::Value("/p".into())));
        prop_assert_eq!(composed.effects().program, split.effects().program);
        prop_assert_eq!(composed.rest, split.rest);
    }
}

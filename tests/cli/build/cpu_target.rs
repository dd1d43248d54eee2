//! The processors that an image is for: what is asked for, what the image holds, and what a start makes of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::sandbox::{Ran, Sandbox};
use crate::support::starts::{WHICH, assert_starts, prepared};
use crate::support::world::{self, world};

/// A processor that this machine is not: without a feature.
const OTHER: &str =
    "GenuineIntel family 6 model 42 00000001 00000000 00000000 00000000 00000000 00000000 00000000";

/// The only record in the store.
fn record(sandbox: &Sandbox) -> toml::Table {
    let path = sandbox.only_image().with_file_name("image.toml");
    fs::read_to_string(path).expect("record").parse().expect("TOML")
}

fn names(record: &toml::Table) -> Vec<&str> {
    let targets = record["targets"].as_array().expect("targets");
    targets.iter().map(|target| target["name"].as_str().expect("a name")).collect()
}

/// Says that this machine has another processor.
fn elsewhere(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    sandbox.run(sandbox.command(arguments).env("__JLPROJ_PROCESSOR", OTHER))
}

/// The place of the list of targets in an image, as `readelf` tells, and its length.
fn list_in(image: &Path) -> Option<(usize, usize)> {
    let readelf = |flag: &str| {
        let output = Command::new("readelf").arg(flag).arg("-W").arg(image).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let hexadecimal = |text: &str| usize::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    let symbols = readelf("--syms")?;
    let symbol = symbols.lines().find(|line| line.ends_with(" jl_dispatch_target_ids"))?;
    let words: Vec<&str> = symbol.split_whitespace().collect();
    let (address, length) = (hexadecimal(words[1])?, words[2].parse().ok()?);
    readelf("-l")?.lines().filter(|line| line.trim_start().starts_with("LOAD")).find_map(|line| {
        let words: Vec<usize> = line.split_whitespace().skip(1).take(4).filter_map(hexadecimal).collect();
        let (offset, start, size) = (words[0], words[1], words[3]);
        (start..start + size).contains(&address).then(|| (address - start + offset, length))
    })
}

/// The world's image is `native`: read back from it is the processor that Julia says this is.
#[test]
fn what_a_finished_image_is_for_is_read_from_it() {
    let name = world().julia(None, "print(ccall(:jl_get_cpu_name, Any, ()))", &[]);
    let image = world().image();
    let text = fs::read_to_string(image.with_file_name("image.toml")).expect("record");
    let record: toml::Table = text.parse().expect("TOML");
    assert_eq!(names(&record), [name.as_str()]);
    let features = record["targets"][0]["features"].as_str().expect("features");
    let (place, length) = list_in(&image).expect("readelf");
    let bytes = &fs::read(&image).expect("image")[place..place + length];
    let words = bytes[12..].chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().expect("four")));
    let words: Vec<String> = words.take(bytes[8].into()).map(|word| format!("{word:08x}")).collect();
    assert_eq!(features, words.join(" "));
    let sandbox = Sandbox::new().in_world().with_world_image();
    let ran = sandbox.jlproj(["status"]);
    let line = ran.code(0).stdout.lines().find(|line| line.starts_with("processor "));
    assert!(line.is_some_and(|line| line.ends_with(" native")), "{ran}");
}

/// What `portable` is to this Julia, on `x86_64`.
fn portable() -> &'static str {
    let several = "generic;sandybridge,-xsaveopt,clone_all;haswell,-rdrnd,base(1)";
    if world::is_at_least(12) { several } else { "generic" }
}

#[test]
fn portable_named_and_native_images_have_keys_of_their_own() {
    let sandbox = prepared();
    let inputs = |variables: &[(&str, &str)]| {
        let mut command = sandbox.command(["key", "--inputs"]);
        let ran = sandbox.run(command.envs(variables.iter().copied()));
        let inputs: serde_json::Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
        [inputs["cpu_target"].clone(), inputs["processor"].clone()].map(|value| value.to_string())
    };
    let [target, processor] = inputs(&[]);
    assert_eq!(target, "\"native\"");
    assert!(processor.contains(" family "), "{processor}");
    // Before 1.12 an image gets the first target alone: what runs everywhere is `generic`.
    let portable = [format!("\"{}\"", portable()), "\"\"".to_owned()];
    assert_eq!(inputs(&[("JLPROJ_CPU_TARGET", "portable")]), portable);
    assert_eq!(inputs(&[("JLPROJ_CPU_TARGET", "haswell")]), ["\"haswell\"", "\"\""]);
    sandbox.write("config.toml", "cpu_target = \"haswell\"\n");
    let config = sandbox.path("config.toml");
    let config = ("JLPROJ_CONFIG", config.to_str().expect("UTF-8"));
    assert_eq!(inputs(&[config])[0], "\"haswell\"");
    // The project's word is over the user's file, and under what is said for this run.
    sandbox.write("project/jlproj.toml", "cpu_target = \"portable\"\n");
    assert_eq!(inputs(&[config]), portable);
    assert_eq!(inputs(&[config, ("JLPROJ_CPU_TARGET", "native")])[0], "\"native\"");
}

#[test]
fn what_julia_would_not_take_for_a_target_is_refused() {
    let sandbox = prepared();
    sandbox.jlproj(["build", "--cpu-target", "help"]).code(2).stderr_has("`help` is no target");
    let ran = sandbox.run(sandbox.command(["build"]).env("JLPROJ_CPU_TARGET", "$(touch x)"));
    ran.code(1).stderr_has("JLPROJ_CPU_TARGET cannot be followed").stderr_has("is no target");
    sandbox.write("project/jlproj.toml", "cpu_target = \"-e 1\"\n");
    sandbox.jlproj(["build"]).code(1).stderr_has("jlproj.toml").stderr_has("is no target");
    assert_starts(&sandbox, "plain", 1);
}

#[test]
fn both_builders_are_told_the_target() {
    let sandbox = prepared();
    let log = sandbox.path("calls");
    let build = |target: &str| {
        let mut command = sandbox.command(["build", "--force", "--cpu-target", target]);
        sandbox.run(command.env("JLPROJ_STANDIN_LOG", &log))
    };
    build("portable").code(0);
    let line = format!("cpu_target {}\n", portable());
    assert!(fs::read_to_string(&log).expect("calls").contains(&line));
    // The direct builder hands it to Julia, which knows no such processor.
    let ran = sandbox.jlproj(["build", "--verbose", "--builder", "direct", "--cpu-target", "nosuchcpu"]);
    ran.code(1).stderr_has("--cpu-target=nosuchcpu").stderr_has("Julia failed while generating code");
}

/// On another processor, as in a shared home.
#[test]
fn an_image_of_another_processor_is_not_used_and_a_portable_one_is() {
    let sandbox = prepared();
    sandbox.jlproj(["build", "--quiet"]).code(0);
    let run = ["run", "--startup-file=no", "-e", WHICH];
    // The verdict is kept, and must not be taken for the other machine's.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    for _ in 0..2 {
        assert_starts(&sandbox, "image", 0);
    }
    let ran = elsewhere(&sandbox, &run);
    ran.code(0).stdout("plain").stderr_has("the image is out of date: processor native ");
    ran.stderr_has("→ native GenuineIntel family 6 model 42; run `jlproj build`");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
    assert_starts(&sandbox, "image", 0);

    // The record of an image for every processor, tried on this one.
    let sandbox = prepared().with("JLPROJ_CPU_TARGET", "portable");
    sandbox.jlproj(["build", "--quiet"]).code(0);
    let mut edited = record(&sandbox);
    assert_starts(&sandbox, "image", 0);
    // The stand-in's image holds code for this processor alone, as is seen.
    let ran = elsewhere(&sandbox, &run);
    ran.code(0)
        .stdout("plain")
        .stderr_has("the image cannot be used here: it is for `")
        .stderr_has("which this processor is not");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
    elsewhere(&sandbox, &["status", "--check"]).code(3).stdout_has("unfit: ");
    // With what a portable image needs it is used there too.
    edited["targets"][0]["features"] = "00000001 00000000".into();
    let path = sandbox.only_image().with_file_name("image.toml");
    fs::write(path, toml::to_string(&edited).expect("TOML")).expect("record");
    elsewhere(&sandbox, &run).code(0).stdout("image").stderr("");
}

/// Julia itself refuses an image that asks for a feature that this processor lacks, and ends; jlproj sees it first.
#[test]
fn a_start_is_plain_where_julia_would_find_no_target() {
    let sandbox = prepared().with("JLPROJ_CPU_TARGET", "portable");
    sandbox.jlproj(["build", "--quiet"]).code(0);
    let image = sandbox.only_image();
    let Some((place, _)) = list_in(&image) else {
        eprintln!("SKIPPED: no readelf here");
        return;
    };
    // Bits of 3DNow-era instructions that no processor of these years has: TBM and LWP, both of Julia's own list.
    let bits: u32 = 1 << 21 | 1 << 15;
    let word = place + 12 + 4 * 5;
    let mut bytes = fs::read(&image).expect("image");
    let needed = u32::from_le_bytes(bytes[word..word + 4].try_into().expect("a word"));
    assert_eq!(needed & bits, 0, "this processor has them");
    bytes[word..word + 4].copy_from_slice(&(needed | bits).to_le_bytes());
    let modified = fs::metadata(&image).expect("image").modified().expect("time");
    let file = fs::File::options().write(true).open(&image).expect("image");
    std::os::unix::fs::FileExt::write_all_at(&file, &bytes[word..word + 4], word as u64).expect("patch");
    file.set_modified(modified).expect("time");
    let sysimage = format!("--sysimage={}", image.display());
    let julia = Command::new(world::julia()).args([&sysimage, "-e", "0"]).output().expect("Julia");
    let text = String::from_utf8_lossy(&julia.stderr).into_owned();
    assert!(!julia.status.success() && text.contains("Unable to find compatible target"), "{text}");

    // As it is in a record of an image that was built and tried on another machine.
    let mut edited = record(&sandbox);
    let features = edited["targets"][0]["features"].as_str().expect("features").to_owned();
    let mut words: Vec<String> = features.split(' ').map(str::to_owned).collect();
    words[5] = format!("{:08x}", needed | bits);
    edited["targets"][0]["features"] = words.join(" ").into();
    edited["tried_on"] = OTHER.into();
    fs::write(image.with_file_name("image.toml"), toml::to_string(&edited).expect("TOML")).expect("record");
    let ran = assert_starts(&sandbox, "plain", 1);
    ran.stderr_has("the image cannot be used here: it is for `").stderr_has("; run `jlproj build`");
}

#[test]
fn a_target_of_the_users_own_leaves_the_image_aside() {
    let sandbox = Sandbox::new().in_world().with_world_image();
    let ran = sandbox.jlproj(["run", "-v", "-C", "generic", "--startup-file=no", "-e", WHICH]);
    ran.stderr_has("`--cpu-target=generic` may not be what it was built for");
    if world::starts_generic() {
        ran.code(0).stdout("plain");
    }
    sandbox.jlproj(["run", "-C", "native", "--startup-file=no", "-e", WHICH]).code(0).stdout("image");
}

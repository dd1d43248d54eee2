use std::cell::Cell;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::channel::Resolved;
use super::choice::{Choice, Source};
use super::*;

const LINUX: Host<'static> = Host { system: System::Other, architecture: "x86_64" };
const MACOS: Host<'static> = Host { system: System::Macos, architecture: "aarch64" };

/// As juliaup writes it, with keys of a later version in three places.
const SETTINGS: &str = r#"{
  "Default": "release",
  "InstalledVersions": {
    "1.12.2+0.x64.linux.gnu": {
      "Path": "./julia-1.12.2+0.x64.linux.gnu",
      "BinaryPath": "./julia-1.12.2+0.x64.linux.gnu/bin/julia"
    },
    "1.10.4+0.x86.linux.gnu": { "Path": "./julia-1.10.4+0.x86.linux.gnu" },
    "1.10.4+0.x64.linux.gnu": { "Path": "./julia-1.10.4+0.x64.linux.gnu", "Later": [1] }
  },
  "InstalledChannels": {
    "release": { "Version": "1.12.2+0.x64.linux.gnu" },
    "lts": { "Version": "1.10.4+0.x64.linux.gnu" },
    "gone": { "Version": "1.9.9+0.x64.linux.gnu" },
    "nightly": {
      "Path": "./julia-nightly",
      "Url": "https://example.org/julia-latest-linux-x86_64.tar.gz",
      "LocalETag": "\"a\"",
      "ServerETag": "\"b\"",
      "Version": "1.14.0-DEV.1",
      "BinaryPath": "./julia-nightly/bin/julia"
    },
    "pr123": {
      "Path": "./julia-pr123",
      "Url": "https://example.org/pr123",
      "LocalETag": "", "ServerETag": "", "Version": "1.13.0-DEV.2"
    },
    "mine": { "Command": "/opt/julia/bin/julia", "Args": ["--startup-file=no"] },
    "bare": { "Command": "/opt/julia/bin/julia", "Args": null },
    "fast": { "Target": "release", "Args": ["--threads=4"] },
    "fastmine": { "Target": "mine", "Args": ["-q"] },
    "twice": { "Target": "fast" },
    "dangling": { "Target": "1.8" },
    "later": { "Container": "julia:1.12" }
  },
  "Settings": { "CreateChannelSymlinks": true, "Later": {} },
  "Overrides": [
    { "Path": "/code", "Channel": "lts" },
    { "Path": "/code/deep", "Channel": "nightly" }
  ],
  "LastVersionDbUpdate": "2026-08-21T10:00:00Z",
  "Later": null
}"#;

fn settings() -> Config {
    Config::parse(SETTINGS.as_bytes()).unwrap()
}

fn following(text: &str) -> Config {
    let detect = text.replace(r#""Later": {}"#, r#""ManifestVersionDetect": true"#);
    Config::parse(detect.as_bytes()).unwrap()
}

fn resolved(channel: &str, host: Host<'_>) -> Result<Resolved, ChannelError> {
    let choice = Choice { channel: channel.to_owned(), source: Source::CommandLine };
    settings().resolve(&choice, Path::new("/j/juliaup"), host)
}

fn chosen(config: &Config, request: Request<'_>) -> (String, Source) {
    let Choice { channel, source } = config.choose(request, || Some("1.10.4".to_owned())).unwrap();
    (channel, source)
}

#[test]
fn the_order_of_choice_is_juliaup_s() {
    let config = following(SETTINGS);
    let all = Request {
        command_line: Some(OsStr::new("lts")),
        environment: Some(OsStr::new("nightly")),
        directory: Some(Path::new("/code/deep/er")),
    };
    assert_eq!(chosen(&config, all), ("lts".into(), Source::CommandLine));
    let all = Request { command_line: None, ..all };
    assert_eq!(chosen(&config, all), ("nightly".into(), Source::Environment));
    let all = Request { environment: None, ..all };
    assert_eq!(chosen(&config, all), ("nightly".into(), Source::Override));
    let outer = Request { directory: Some(Path::new("/code/deeper")), ..all };
    assert_eq!(chosen(&config, outer), ("lts".into(), Source::Override));
    let elsewhere = Request { directory: Some(Path::new("/workshop")), ..all };
    assert_eq!(chosen(&config, elsewhere), ("1.10.4".into(), Source::Manifest));
    assert_eq!(chosen(&settings(), elsewhere), ("release".into(), Source::Default));
    let empty = Request { environment: Some(OsStr::new("")), ..elsewhere };
    assert_eq!(chosen(&config, empty), (String::new(), Source::Environment));
}

#[test]
fn the_manifest_is_asked_only_when_it_may_choose() {
    let asked = Cell::new(false);
    let manifest = || {
        asked.set(true);
        None
    };
    assert_eq!(settings().choose(Request::default(), manifest).unwrap().source, Source::Default);
    assert!(!asked.get());
    assert_eq!(following(SETTINGS).choose(Request::default(), manifest).unwrap().source, Source::Default);
    assert!(asked.get());
}

#[test]
fn development_versions_of_a_manifest_are_nightlies() {
    let choose = |config: &Config, version: &str| {
        config.choose(Request::default(), || Some(version.to_owned())).unwrap().channel
    };
    let config = following(SETTINGS);
    assert_eq!(choose(&config, "1.14.0-DEV.7"), "nightly");
    assert_eq!(choose(&config, "1.13.0-rc1"), "1.13.0-rc1");
    assert_eq!(choose(&config, "not a version"), "release");
    let with = following(&SETTINGS.replace(r#""pr123""#, r#""1.14-nightly""#));
    assert_eq!(choose(&with, "1.14.0-DEV.7"), "1.14-nightly");
}

#[test]
fn each_kind_of_channel_has_its_binary() {
    let binary = |path: &str, arguments: &[&str]| {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Ok(Resolved { binary: PathBuf::from(path), otherwise: None, arguments })
    };
    let release = "/j/juliaup/julia-1.12.2+0.x64.linux.gnu/bin/julia";
    assert_eq!(resolved("release", LINUX), binary(release, &[]));
    assert_eq!(resolved("lts", LINUX), binary("/j/juliaup/julia-1.10.4+0.x64.linux.gnu/bin/julia", &[]));
    assert_eq!(resolved("nightly", LINUX), binary("/j/juliaup/julia-nightly/bin/julia", &[]));
    assert_eq!(resolved("pr123", LINUX), binary("/j/juliaup/julia-pr123/bin/julia", &[]));
    assert_eq!(resolved("mine", LINUX), binary("/opt/julia/bin/julia", &["--startup-file=no"]));
    assert_eq!(resolved("bare", LINUX), binary("/opt/julia/bin/julia", &[]));
    assert_eq!(resolved("fast", LINUX), binary(release, &["--threads=4"]));
    assert_eq!(resolved("fastmine", LINUX), binary("/opt/julia/bin/julia", &["-q", "--startup-file=no"]));
}

#[test]
fn macos_may_hold_an_app_bundle() {
    let lts = resolved("lts", MACOS).unwrap();
    assert_eq!(lts.binary, Path::new("/j/juliaup/julia-1.10.4+0.x64.linux.gnu/bin/julia"));
    let bundle = "Julia-1.10.app/Contents/Resources/julia/bin/julia";
    assert_eq!(lts.otherwise, Some(Path::new("/j/juliaup/julia-1.10.4+0.x64.linux.gnu").join(bundle)));
    assert_eq!(resolved("release", MACOS).unwrap().otherwise, None);
    let windows = Host { system: System::Windows, ..LINUX };
    assert!(resolved("lts", windows).unwrap().binary.ends_with("bin/julia.exe"));
}

#[test]
fn a_manifest_s_version_may_be_there_under_another_name() {
    let choice = Choice { channel: "1.10.4".into(), source: Source::Manifest };
    let resolve = |choice: &Choice, host| settings().resolve(choice, Path::new("/j"), host);
    let x64 = resolve(&choice, LINUX).unwrap().binary;
    assert_eq!(x64, Path::new("/j/julia-1.10.4+0.x64.linux.gnu/bin/julia"));
    let x86 = resolve(&choice, Host { architecture: "x86", ..LINUX }).unwrap().binary;
    assert_eq!(x86, Path::new("/j/julia-1.10.4+0.x86.linux.gnu/bin/julia"));
    assert!(resolve(&choice, Host { architecture: "aarch64", ..LINUX }).is_err());
    assert!(resolve(&Choice { source: Source::Environment, ..choice }, LINUX).is_err());
}

#[test]
fn errors_name_the_channel_and_what_to_type() {
    let table = [
        ("1.11", "juliaup channel `1.11` is not installed", "juliaup add 1.11"),
        ("dangling", "juliaup channel `1.8` is not installed", "juliaup add 1.8"),
        (
            "gone",
            "juliaup channel `gone` stands for Julia `1.9.9+0.x64.linux.gnu`, which is not installed",
            "juliaup update gone",
        ),
        (
            "twice",
            "juliaup channel `twice` is an alias of `fast`, which is an alias itself",
            "juliaup remove twice",
        ),
        ("later", "juliaup channel `later` is of a kind that is not known here", "juliaup status"),
        ("", "juliaup channel `` is not installed", "juliaup status"),
    ];
    for (channel, text, hint) in table {
        let error = resolved(channel, LINUX).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.hint().as_str()), (text, hint));
    }
    let choice = Choice { channel: "1.11".into(), source: Source::Override };
    let error = settings().resolve(&choice, Path::new("/j"), LINUX).unwrap_err();
    assert_eq!(error.to_string(), "juliaup channel `1.11` (from a directory override) is not installed");
    let error = Config::default().choose(Request::default(), || None).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.hint().as_str()),
        ("juliaup has no default channel", "juliaup default release")
    );
}

#[test]
fn settings_that_cannot_be_read_say_where() {
    for text in ["{", "3", r#"{"InstalledChannels": {"x": {"Version": 3}}}"#, r#"{"Overrides": [{}]}"#] {
        let error = Config::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "juliaup's settings cannot be read");
        let cause = std::error::Error::source(&error).expect("it has a cause").to_string();
        assert!(cause.contains("line 1 column"), "{cause}");
    }
    assert!(Config::parse(b"\xff").is_err());
    for text in ["", " \n", "{}"] {
        assert_eq!(Config::parse(text.as_bytes()).unwrap(), Config::default());
    }
}

#[test]
fn settings_are_where_juliaup_keeps_them() {
    let root = if cfg!(windows) { r"C:\" } else { "/" };
    let (home, depot) = (PathBuf::from(format!("{root}home")), format!("{root}d"));
    let usual = Ok(home.join(".julia/juliaup/juliaup.json"));
    let home = Some(home.as_path());
    assert_eq!(config_file(None, home), usual);
    assert_eq!(config_file(Some(OsStr::new("  ")), home), usual);
    assert_eq!(
        config_file(Some(OsStr::new(&format!(" {depot} "))), None),
        Ok(Path::new(&depot).join("juliaup/juliaup.json"))
    );
    assert_eq!(config_file(Some(OsStr::new("d")), home), Err(LocationError::NotAbsolute("d".into())));
    assert_eq!(config_file(None, None), Err(LocationError::NoHome));
    assert_eq!(config_file(None, Some(Path::new("u"))), Err(LocationError::NoHome));
}

#[test]
fn the_launcher_is_told_from_julia() {
    let table = [
        ("/home/u/.juliaup/bin/julialauncher", false, false, true),
        ("/home/u/.juliaup/bin/julia", false, false, true),
        ("/opt/homebrew/Cellar/juliaup/1.23.0/bin/julialauncher", true, false, true),
        ("/home/u/.cargo/bin/julia", true, false, true),
        // A distribution's Julia with juliaup in the same folder.
        ("/usr/bin/julia", true, true, false),
        ("/usr/bin/julia", false, true, false),
        ("/home/u/.julia/juliaup/julia-1.12.2+0.x64.linux.gnu/bin/julia", false, true, false),
        ("/usr/bin/julia-1.10", true, false, false),
    ];
    for (path, juliaup_beside, julia_around, expected) in table {
        let file = Launcher { canonical: Path::new(path), juliaup_beside, julia_around };
        assert_eq!(is_launcher(file), expected, "{path}");
    }
}

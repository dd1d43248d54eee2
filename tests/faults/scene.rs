//! A store, a command, and what must hold whatever fault the command meets.

use std::collections::HashSet;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Instant, SystemTime};

use crate::state::{self, Contents, WholeImages};
use crate::stepper::{self, Fault, Traced};
use crate::support::sandbox::Sandbox;
use crate::support::world::{self, world};

/// Says under which image Julia runs, and what the project's package answers.
const ANSWER: &str = r#"
    print(occursin("images-v1", unsafe_string(Base.JLOptions().image_file)) ? "image " : "plain ")
    using Alpha; print(Alpha.answer())"#;

/// What [`ANSWER`] prints.
const ANSWERS: [&str; 2] = ["image alpha 1.0.0", "plain alpha 1.0.0"];

/// Whether every point is to be tried.
pub fn is_thorough() -> bool {
    env::var_os("JLPROJ_TEST_ALL").is_some_and(|value| value == "1")
}

/// What a scene's command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It becomes Julia, whatever happens to it.
    Start,
    /// It builds: where it ends well, the next start has an image.
    Build,
    /// It may fail with a message.
    Other,
}

/// A command in a store.
pub struct Scene<'a> {
    pub name: &'static str,
    pub sandbox: &'a Sandbox,
    pub arguments: Vec<OsString>,
    pub role: Role,
    /// Of how many points one is tried in an ordinary run.
    pub step: usize,
    /// The project has an image that is in force, and keeps it whatever happens.
    pub has_image: bool,
    /// Once it has done its work there is nothing for it to do, and it says so.
    pub is_once: bool,
    /// What of the store, besides other images, stays byte by byte.
    pub stays: Vec<PathBuf>,
}

/// What was tried.
#[derive(Debug, Default)]
pub struct Figures {
    points: usize,
    states: usize,
    calls: usize,
}

impl Scene<'_> {
    fn store(&self) -> PathBuf {
        self.sandbox.path("store")
    }

    fn template(&self) -> PathBuf {
        self.sandbox.path("template")
    }

    fn command(&self) -> Command {
        self.sandbox.command(&self.arguments)
    }

    /// Takes the store as it is now, and tries all faults of the command in it.
    pub fn play(&self) -> Figures {
        let begun = Instant::now();
        state::copy_store(&self.store(), &self.template());
        let project = state::contents(&self.sandbox.project());
        let before = state::contents(&self.store());
        let calls = stepper::run(&self.command(), None);
        self.assert_ended(&calls, None, "without a fault");
        if env::var_os("JLPROJ_TEST_SHOW").is_some() {
            for call in &calls.calls {
                eprintln!("{call}");
            }
        }
        self.assert_only_ours(&calls);
        let mut figures = Figures { calls: calls.calls.len(), ..Figures::default() };
        let (mut shapes, mut whole) = (HashSet::new(), WholeImages::default());
        for (place, fault) in points(&calls, if is_thorough() { 1 } else { self.step }) {
            state::copy_store(&self.template(), &self.store());
            let traced = stepper::run(&self.command(), Some((place, fault)));
            if !traced.is_hit {
                // Not every run makes as many calls: logs come in pieces.
                continue;
            }
            figures.points += 1;
            if figures.points.is_multiple_of(100) {
                eprintln!(
                    "faults: {}: {} points and {} states so far",
                    self.name, figures.points, figures.states
                );
            }
            let what = format!("{}: {fault:?} at {place}, {}", self.name, traced.calls[place]);
            self.assert_ended(&traced, Some(fault), &what);
            whole.assert_all(&self.store(), &world().image(), &what);
            let after = state::contents(&self.store());
            self.assert_kept(&before, &after, &what);
            assert_eq!(state::contents(&self.sandbox.project()), project, "{what}: the project is another");
            let must_have_image = self.has_image || self.role == Role::Build && traced.code == 0;
            if shapes.insert((state::shape(&after), must_have_image)) {
                figures.states += 1;
                self.assert_goes_on(must_have_image, &what);
                whole.assert_all(&self.store(), &world().image(), &what);
                self.assert_kept(&before, &state::contents(&self.store()), &what);
            }
        }
        eprintln!(
            "faults: {}: {} points at {} calls, {} states, {:.0} s",
            self.name,
            figures.points,
            figures.calls,
            figures.states,
            begun.elapsed().as_secs_f64(),
        );
        state::copy_store(&self.template(), &self.store());
        figures
    }

    /// Asserts that the command ended as it may.
    #[track_caller]
    fn assert_ended(&self, traced: &Traced, fault: Option<Fault>, what: &str) {
        let Traced { code, stdout, stderr, .. } = traced;
        let shown = format!("{what}: exit code {code}\n{stdout}\n{stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("bug in jlproj"), "{shown}");
        match (fault, self.role) {
            (Some(Fault::Kill), _) => assert_eq!(*code, 137, "{shown}"),
            (_, Role::Start) => {
                assert_eq!(*code, 0, "{shown}");
                assert!(ANSWERS.contains(&stdout.as_str()), "{shown}");
                assert!(stderr.lines().count() <= 1, "{shown}");
            }
            (None, _) => assert_eq!(*code, 0, "{shown}"),
            _ if *code == 1 => assert!(stderr.contains("error: "), "{shown}"),
            _ => assert_eq!(*code, 0, "{shown}"),
        }
    }

    /// Asserts that the command changed nothing outside of the store, the depot and the folder for temporary files.
    fn assert_only_ours(&self, traced: &Traced) {
        let places =
            [self.store(), world().depot(), self.sandbox.path("tmp"), self.sandbox.path("home/.julia")];
        for call in &traced.calls {
            assert!(
                places.iter().any(|place| call.path.starts_with(place)),
                "{}: {call} is outside of the store",
                self.name
            );
        }
    }

    /// Asserts that nothing was lost of what was there before.
    #[track_caller]
    fn assert_kept(&self, before: &Contents, after: &Contents, what: &str) {
        for path in before.keys().filter(|path| self.stays.iter().any(|stays| path.starts_with(stays))) {
            assert_eq!(
                before.get(path).map(|bytes| String::from_utf8_lossy(bytes)),
                after.get(path).map(|bytes| String::from_utf8_lossy(bytes)),
                "{what}: {} is not what it was",
                path.display()
            );
        }
        let starts = |name: &str| state::starts(&self.sandbox.path(name));
        if let (Some(then), Some(now)) = (starts("template"), starts("store")) {
            assert!(now >= then, "{what}: {now} starts in the journal, {then} before");
        }
    }

    /// Asserts that the next commands work, and that then nothing is left of the fault.
    #[track_caller]
    fn assert_goes_on(&self, must_have_image: bool, what: &str) {
        let ran = self.sandbox.jlproj(["run", "--startup-file=no", "-e", ANSWER]);
        assert!(ran.code == 0 && ANSWERS.contains(&ran.stdout.as_str()), "{what}{ran}");
        assert!(ran.stderr.lines().count() <= 1, "{what}{ran}");
        assert!(!must_have_image || ran.stdout == ANSWERS[0], "{what}: built, and yet{ran}");
        let ran = self.sandbox.jlproj(["run", "--sysimage=require", "--startup-file=no", "-e", ANSWER]);
        let is_refused = ran.code == 125 && ran.stderr.starts_with("error: ");
        assert!(is_refused || ran.code == 0 && ran.stdout == ANSWERS[0], "{what}{ran}");
        state::grow_old(&self.store());
        let again = self.sandbox.jlproj(&self.arguments);
        let is_done = self.is_once && again.stderr.contains("no image was built for");
        assert!(again.code == 0 || is_done, "{what}, and again{again}");
        let swept = self.sandbox.jlproj(["gc", "--yes"]);
        assert_eq!(swept.code, 0, "{what}, then gc{swept}");
        assert_eq!(state::leftovers(&self.store()), Vec::<PathBuf>::new(), "{what}: left{again}{swept}");
    }
}

/// The points to try: of `step` of them one, from another one on each day.
pub fn points(traced: &Traced, step: usize) -> impl Iterator<Item = (usize, Fault)> {
    let all = traced.calls.iter().enumerate().flat_map(|(place, call)| {
        Fault::ALL
            .into_iter()
            .filter(move |fault| fault.is_possible_at(call))
            .map(move |fault| (place, fault))
    });
    let day = SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_secs() / (24 * 3600);
    all.skip(usize::try_from(day).expect("a day") % step).step_by(step)
}

/// The code that a start runs.
pub fn answering() -> Vec<OsString> {
    ["run", "--startup-file=no", "-e", ANSWER].map(OsString::from).to_vec()
}

/// A sandbox with the world's project and a second one, `work/other`, that has an image of its own. Builds ask a Julia
/// that remembers what it answered.
pub fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new().in_world().with_standin_builder();
    let answers = sandbox.path("answers");
    let sandbox = sandbox
        .with("JLPROJ_JULIA", world::repository().join("tests/fixtures/replaying-julia"))
        .with("JLPROJ_TEST_REAL_JULIA", world::julia())
        .with("JLPROJ_TEST_ANSWERS", answers);
    let other = sandbox.path("work/other");
    crate::support::sandbox::copy_folder(&world().project(), &other);
    sandbox.write("work/other/jlproj.toml", "precompile_statements = [\"statements.jl\"]\n");
    sandbox.write("work/other/statements.jl", "# other\n");
    sandbox.run(sandbox.command(["build", "--quiet"]).arg(&other)).code(0);
    sandbox
}

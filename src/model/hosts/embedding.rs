//! Decides which images a program with Julia inside it may get. With a wrong image Julia returns no error to such a
//! program: it ends it.

use std::path::{Path, PathBuf};

use semver::Version;

use crate::model::image::key::{KeyInputs, find};
use crate::model::image::pycall::{PYCALL, PYTHONCALL};

/// The first JuliaCall that starts with PythonCall in an image (PythonCall.jl#781).
const FIRST_JULIACALL: Version = Version::new(0, 9, 35);

/// The program with Julia inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Embedder {
    /// Any program: nothing is known of it.
    #[default]
    Unknown,
    /// A Python, as it describes itself.
    Python(Python),
}

/// A Python's description of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Python {
    /// The `libpython` that it is linked to, links resolved; `None` if libpython is inside of it.
    pub(crate) libpython: Option<PathBuf>,
    /// Version of its `juliacall`, if that is what starts Julia.
    pub(crate) juliacall: Option<String>,
}

/// Returns why the program must not get an image; `None` if it may. `libpython` is the library that the image's PyCall
/// is bound to, links resolved.
pub(crate) fn refusal(inputs: &KeyInputs, libpython: Option<&Path>, embedder: &Embedder) -> Option<String> {
    let python = match embedder {
        Embedder::Unknown => None,
        Embedder::Python(python) => Some(python),
    };
    let is_baked = |uuid| find(&inputs.packages, uuid).is_some();
    let pycall = is_baked(PYCALL).then(|| pycall_refusal(libpython, python)).flatten();
    pycall.or_else(|| is_baked(PYTHONCALL).then(|| pythoncall_refusal(python)).flatten())
}

fn pycall_refusal(bound: Option<&Path>, python: Option<&Python>) -> Option<String> {
    const REMEDY: &str = "or put `exclude = [\"PyCall\"]` into jlproj.toml and build again";
    let Some(python) = python else {
        return Some("the image holds PyCall, and it is not known which Python asks for it".to_owned());
    };
    let Some(bound) = bound else {
        return Some(format!(
            "the image holds PyCall, and it is unknown which libpython that is bound to; rebuild PyCall and the \
             image, {REMEDY}"
        ));
    };
    match &python.libpython {
        None => Some(format!(
            "the image holds PyCall, which is bound to `{}`, and this Python has libpython inside of it; use a Python \
             with a shared libpython, {REMEDY}",
            bound.display()
        )),
        Some(own) if own != bound => Some(format!(
            "the image holds PyCall, which is bound to `{}`, and this Python uses `{}`; rebuild PyCall with this \
             Python and the image, {REMEDY}",
            bound.display(),
            own.display()
        )),
        Some(_) => None,
    }
}

fn pythoncall_refusal(python: Option<&Python>) -> Option<String> {
    let Some(version) = python.and_then(|python| python.juliacall.as_deref()) else {
        return Some("the image holds PythonCall, which starts in a juliacall only".to_owned());
    };
    let is_new = Version::parse(version).is_ok_and(|version| version >= FIRST_JULIACALL);
    (!is_new).then(|| {
        format!(
            "the image holds PythonCall, and juliacall {version} cannot start that; install juliacall \
             {FIRST_JULIACALL} or later, or put `exclude = [\"PythonCall\"]` into jlproj.toml and build again"
        )
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::image::key::tests::inputs;
    use crate::model::loading::manifest::{Manifest, Package, Source};

    fn image_of(uuid: Uuid) -> KeyInputs {
        let mut package = Package::standard_library(uuid, "Package");
        package.source = Source::Tree("a".repeat(40));
        inputs(&Manifest::of([package]))
    }

    fn python(libpython: Option<&str>, juliacall: Option<&str>) -> Embedder {
        Embedder::Python(Python {
            libpython: libpython.map(PathBuf::from),
            juliacall: juliacall.map(str::to_owned),
        })
    }

    #[test]
    fn an_image_with_pycall_is_for_its_libpython_alone() {
        let image = image_of(PYCALL);
        let bound = Some(Path::new("/lib/libpython3.11.so"));
        assert_eq!(refusal(&image, bound, &python(Some("/lib/libpython3.11.so"), None)), None);
        let text = |libpython, embedder| refusal(&image, libpython, &embedder).unwrap_or_default();
        assert!(text(bound, python(None, None)).contains("has libpython inside of it"));
        assert!(
            text(bound, python(Some("/lib/libpython3.12.so"), None)).contains("uses `/lib/libpython3.12.so`")
        );
        assert!(text(None, python(Some("/lib/libpython3.11.so"), None)).contains("unknown"));
        assert!(text(bound, Embedder::Unknown).contains("not known which Python"));
    }

    #[test]
    fn an_image_with_pythoncall_is_for_a_juliacall_that_can_start_it() {
        let image = image_of(PYTHONCALL);
        for version in ["0.9.35", "0.9.37", "0.10.0", "1.0.0"] {
            assert_eq!(refusal(&image, None, &python(None, Some(version))), None, "{version}");
        }
        for version in ["0.9.34", "0.9.4", "rubbish", ""] {
            assert!(refusal(&image, None, &python(None, Some(version))).is_some(), "{version}");
        }
        assert!(refusal(&image, None, &python(None, None)).is_some());
        assert!(refusal(&image, None, &Embedder::Unknown).is_some());
    }

    #[test]
    fn any_other_image_is_for_everybody() {
        assert_eq!(refusal(&image_of(Uuid::from_u128(1)), None, &Embedder::Unknown), None);
    }
}

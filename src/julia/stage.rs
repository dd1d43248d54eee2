//! The steps of a build.

/// The steps of a build, as they are shown and timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Prepare,
    Import,
    Trace,
    Compile,
    Link,
    Verify,
    Precompile,
}

impl Stage {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Prepare => "precompiling for the image",
            Self::Import => "loading packages",
            Self::Trace => "recording what is compiled",
            Self::Compile => "generating code",
            Self::Link => "linking",
            Self::Verify => "verifying the image",
            Self::Precompile => "precompiling what is not in the image",
        }
    }
}

//! Reads the names of files below a depot's `compiled`.

/// Length of each of the two parts of a name (`base/loading.jl` 1.3 to 1.13).
const PART: usize = 5;

/// Kind of a file below `compiled/v1.10/<package>`, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheName<'a> {
    /// `<package slug>_<project slug>.ji`, or the native code beside it. `stem` is the name without its extension and
    /// without the number that Windows adds if a file is in use (`base/loading.jl` 1.10.4:2428).
    Cache { stem: &'a str, project_slug: &'a str, is_native: bool },
    /// Left by a compilation that did not end: `jl_XXXXXX`, with or without an extension, and lock files.
    Leftover,
    /// Not written by Julia 1.3 or later.
    Other,
}

impl<'a> CacheName<'a> {
    /// Reads a file's name. A name of the right form says nothing about the contents.
    #[must_use]
    pub(crate) fn parse(name: &'a str) -> Self {
        if name.strip_prefix("jl_").is_some_and(is_temporary) || name.ends_with(".ji.pidfile") {
            return Self::Leftover;
        }
        let Some((stem, extension)) = name.rsplit_once('.') else { return Self::Other };
        let is_native = matches!(extension, "so" | "dylib" | "dll");
        if !is_native && extension != "ji" {
            return Self::Other;
        }
        match slugs(stem) {
            Some((stem, project_slug)) => Self::Cache { stem, project_slug, is_native },
            None => Self::Other,
        }
    }
}

/// Whether `rest` is what `mktemp` puts after `jl_`, with the extensions that Julia adds.
fn is_temporary(rest: &str) -> bool {
    let unique = rest.split('.').next().unwrap_or_default();
    !unique.is_empty() && unique.len() <= 12 && is_plain(unique)
}

/// Returns the stem without Windows' number, and its second part.
fn slugs(stem: &str) -> Option<(&str, &str)> {
    let (package, rest) = stem.split_once('_')?;
    let (project, number) =
        rest.split_once('_').map_or((rest, None), |(project, number)| (project, Some(number)));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_slug = |text: &str| text.len() == PART && is_plain(text);
    let has_form = is_slug(package) && is_slug(project) && number.is_none_or(is_number);
    has_form.then(|| stem.get(..=2 * PART)).flatten().map(|stem| (stem, project))
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_julia_are_told_apart() {
        let cache = |is_native| CacheName::Cache { stem: "lLvWP_rN7jq", project_slug: "rN7jq", is_native };
        for (name, expected) in [
            ("lLvWP_rN7jq.ji", cache(false)),
            ("lLvWP_rN7jq.so", cache(true)),
            ("lLvWP_rN7jq_2.dll", cache(true)),
            ("jl_a8Xb2Q", CacheName::Leftover),
            ("jl_a8Xb2Q.o", CacheName::Leftover),
            ("lLvWP_rN7jq.ji.pidfile", CacheName::Leftover),
            ("lLvWP.ji", CacheName::Other),
            ("lLvWP_rN7jq", CacheName::Other),
            ("lLvWP_rN7jqq.ji", CacheName::Other),
            ("lLvWP_rN7jq_.ji", CacheName::Other),
            ("lLvWP_rN7jq_x.ji", CacheName::Other),
            ("jl_notes on slugs.txt", CacheName::Other),
            ("", CacheName::Other),
        ] {
            assert_eq!(CacheName::parse(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_is_too_much(name in "\\PC{0,300}", slugs in "[a-z_.é]{0,20}") {
            let _ = CacheName::parse(&name);
            let _ = CacheName::parse(&slugs);
        }
    }
}

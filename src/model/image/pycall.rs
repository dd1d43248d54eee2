//! PyCall and PythonCall, which tie an image to one Python, and the record that PyCall's build leaves.

use uuid::{Uuid, uuid};

/// PyCall.
pub(crate) const PYCALL: Uuid = uuid!("438e738f-606a-5dbb-bf0a-cddfbfd45ab0");
/// PythonCall.
pub(crate) const PYTHONCALL: Uuid = uuid!("6099a3de-0909-46bc-b1f4-468b9a2dfc0d");

/// The value of `const libpython = "…"` in PyCall's `deps/deps.jl`; `None` if there is none.
#[must_use]
pub(crate) fn libpython(deps: &str) -> Option<String> {
    let line = deps.lines().find_map(|line| line.trim().strip_prefix("const libpython"))?;
    let text = line.trim_start().strip_prefix('=')?.trim().strip_prefix('"')?;
    let mut value = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some(value).filter(|value| !value.is_empty()),
            // As Julia's `escape_string` writes paths; no other escapes are in them.
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_read_as_julia_reads_it() {
        let deps = "const python = \"/usr/bin/python3\"\nconst libpython = \"/usr/lib/libpython3.11.so.1.0\"\n\
                    const pyprogramname = \"/usr/bin/python3\"\n";
        assert_eq!(libpython(deps).as_deref(), Some("/usr/lib/libpython3.11.so.1.0"));
        assert_eq!(
            libpython(r#"const libpython = "C:\\Python\\python311.dll""#).as_deref(),
            Some(r"C:\Python\python311.dll")
        );
        for deps in ["", "const libpython = nothing", "const libpython = \"\"", "const libpython = \"/usr"] {
            assert_eq!(libpython(deps), None, "{deps}");
        }
    }
}

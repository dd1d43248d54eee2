//! A `Project.toml` (or `JuliaProject.toml`): the parts that decide which code is loaded.
//!
//! Mirrors what `base/loading.jl` of Julia 1.6 to 1.13 reads from the file. Compatibility bounds other than Julia's
//! own, authors, targets, sources and unknown fields concern Pkg alone and are left out. So is `syntax.julia_version`
//! (1.14): it concerns the project's own code, which no image holds.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::model::loading::toml_file::{self, Fields, TomlError};

/// A project file's content.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Project {
    /// `name`, present if the project is a package.
    pub(crate) name: Option<String>,
    /// `uuid`, likewise.
    pub(crate) uuid: Option<Uuid>,
    /// `version` as written.
    pub(crate) version: Option<String>,
    /// `[deps]`.
    pub(crate) dependencies: BTreeMap<String, Uuid>,
    /// `[weakdeps]`.
    pub(crate) weak_dependencies: BTreeMap<String, Uuid>,
    /// `[extras]`: for tests, and to name packages in `[preferences]`.
    pub(crate) extras: BTreeMap<String, Uuid>,
    /// `[extensions]`: name to triggers.
    pub(crate) extensions: BTreeMap<String, Vec<String>>,
    /// `manifest = "…"`: where the manifest is, relative to the project's folder.
    pub(crate) manifest: Option<String>,
    /// `[workspace] projects`: folders relative to the project's own (Julia 1.12 and later).
    pub(crate) workspace_projects: Vec<String>,
    /// `path`, else `entryfile`: where the code of the project's own package is, relative to the project's folder
    /// (`project_file_path`, `base/loading.jl` 1.12).
    pub(crate) entry_file: Option<String>,
    /// `[preferences]` by package name (Julia 1.6 and later).
    pub(crate) preferences: toml::Table,
    /// `[compat] julia` as written.
    pub(crate) julia_compat: Option<String>,
}

impl Project {
    /// Reads a project file.
    ///
    /// # Errors
    ///
    /// [`TomlError`]: no text, no TOML, or a field named above with another type than Julia reads.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, TomlError> {
        let text = toml_file::text(bytes)?;
        let table = toml_file::borrowed(text)?;
        let fields = Fields::root(&table);
        let compat = fields.table("compat")?;
        Ok(Self {
            name: fields.owned("name")?,
            uuid: fields.uuid("uuid")?,
            version: fields.owned("version")?,
            dependencies: fields.uuids("deps")?,
            weak_dependencies: fields.uuids("weakdeps")?,
            extras: fields.uuids("extras")?,
            extensions: fields.extensions()?,
            manifest: fields.owned("manifest")?,
            workspace_projects: workspace_projects(&fields)?,
            entry_file: match fields.owned("path")? {
                Some(path) => Some(path),
                None => fields.owned("entryfile")?,
            },
            preferences: preferences(&fields, bytes)?,
            julia_compat: match compat {
                Some(compat) => compat.owned("julia")?,
                None => None,
            },
        })
    }

    /// Returns the package's identity, if the project is a package.
    #[must_use]
    pub(crate) fn package(&self) -> Option<(&str, Uuid)> {
        Some((self.name.as_deref()?, self.uuid?))
    }
}

/// `[workspace] projects`. Julia takes a lone string without complaint, and makes no use of it
/// (`base_project` in `base/loading.jl` 1.12).
pub(super) fn workspace_projects(fields: &Fields<'_>) -> Result<Vec<String>, TomlError> {
    let Some(workspace) = fields.table("workspace")? else {
        return Ok(Vec::new());
    };
    if workspace.value("projects").is_some_and(|value| value.as_str().is_some()) {
        return Ok(Vec::new());
    }
    Ok(workspace.strings("projects")?.into_iter().map(str::to_owned).collect())
}

fn preferences(fields: &Fields<'_>, bytes: &[u8]) -> Result<toml::Table, TomlError> {
    if fields.table("preferences")?.is_none() {
        return Ok(toml::Table::new());
    }
    match toml_file::table(bytes)?.remove("preferences") {
        Some(toml::Value::Table(table)) => Ok(table),
        _ => Err(fields.wrong("preferences", "a table")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXAMPLE: &str = "7876af07-990d-54b4-ab0e-23690620f79a";

    #[test]
    fn reads_all_that_matters() {
        let text = format!(
            "name = \"P\"\nuuid = \"{EXAMPLE}\"\nversion = \"1.2.3\"\nmanifest = \"../M.toml\"\n\
             future = {{ a = [1, \"b\"] }}\n[deps]\nExample = \"{EXAMPLE}\"\n\
             [weakdeps]\nW = \"{EXAMPLE}\"\n[extras]\nE = \"{EXAMPLE}\"\n\
             [extensions]\nOne = \"W\"\nTwo = [\"W\", \"E\"]\n\
             [workspace]\nprojects = [\"test\", \"docs\"]\n\
             [preferences.Example]\nx = 1.5\n[compat]\njulia = \"1.6\"\nExample = \"0.5\"\n"
        );
        let project = Project::parse(text.as_bytes()).unwrap();
        let uuid = toml_file::uuid(EXAMPLE).unwrap();
        assert_eq!(project.package(), Some(("P", uuid)));
        assert_eq!(project.version.as_deref(), Some("1.2.3"));
        assert_eq!(project.manifest.as_deref(), Some("../M.toml"));
        assert_eq!(project.dependencies["Example"], uuid);
        assert_eq!(project.weak_dependencies["W"], uuid);
        assert_eq!(project.extras["E"], uuid);
        assert_eq!(project.extensions["One"], ["W"]);
        assert_eq!(project.extensions["Two"], ["W", "E"]);
        assert_eq!(project.workspace_projects, ["test", "docs"]);
        assert_eq!(project.preferences["Example"]["x"].as_float(), Some(1.5));
        assert_eq!(project.julia_compat.as_deref(), Some("1.6"));
    }

    #[test]
    fn an_empty_file_is_an_empty_project() {
        assert_eq!(Project::parse(b"").unwrap(), Project::default());
    }

    #[test]
    fn a_wrong_type_is_named_by_its_keys() {
        for (text, message) in [
            ("name = 1", "`name` is not a string"),
            ("uuid = \"x\"", "`uuid` is not a UUID"),
            ("deps = []", "`deps` is not a table"),
            ("[deps]\nA = 1", "`deps.A` is not a string"),
            ("[deps]\nA = \"1\"", "`deps.A` is not a UUID"),
            ("[extensions]\nE = [1]", "`extensions.E` is not a list of strings"),
            ("[workspace]\nprojects = 1", "`workspace.projects` is not a list of strings"),
            ("preferences = 1", "`preferences` is not a table"),
            ("compat = {julia = 1}", "`compat.julia` is not a string"),
        ] {
            assert_eq!(Project::parse(text.as_bytes()).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_workspace_of_one_string_has_no_members() {
        let project = Project::parse(b"[workspace]\nprojects = \"test\"").unwrap();
        assert!(project.workspace_projects.is_empty());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Project::parse(&bytes);
        }

        #[test]
        fn arbitrary_fields_never_panic(
            key in "name|uuid|deps|extensions|workspace|preferences|compat",
            value in "1|true|\"x\"|\\[\\]|\\{\\}|\\{a=1\\}|\\[\\{a=1\\}\\]|1979-05-27",
        ) {
            let _ = Project::parse(format!("{key} = {value}").as_bytes());
        }
    }
}

//! `jlproj forget`: what is forgotten stays so.

use std::fs;

use crate::support::listing::{last_use, listed, paths, row, scan, small_project, start, text};
use crate::support::sandbox::{NOW, Sandbox};
use crate::support::starts::probed;

#[test]
fn what_is_forgotten_stays_so_until_it_is_named_or_used() {
    let mut sandbox = probed().in_world();
    let folder = small_project(&sandbox, "code/one");
    small_project(&sandbox, "code/two");
    start(&sandbox, "code/one");
    scan(&sandbox, "code").stderr("2 projects in 3 folders, 2 of them new\n");
    let known = |sandbox: &Sandbox| paths(sandbox, &listed(sandbox));
    assert_eq!(known(&sandbox), ["code/one", "code/two"]);
    let forgotten = "[SANDBOX]/code/one: forgotten until it is used again\n";
    sandbox.jlproj(["forget", text(&folder)]).code(0).stdout("").stderr(forgotten);
    assert_eq!(known(&sandbox), ["code/two"]);
    scan(&sandbox, "code").stderr(
        "2 projects in 3 folders, 0 of them new\n\
         1 that were forgotten are left out; `jlproj scan PROJECT` brings one back\n",
    );
    assert_eq!(known(&sandbox), ["code/two"]);
    scan(&sandbox, "code/one").stderr("1 project in 1 folder, 1 of them new\n");
    assert_eq!(known(&sandbox), ["code/one", "code/two"]);
    assert_eq!(last_use(&sandbox, "code/one"), None, "what was before it was forgotten does not count");

    sandbox.jlproj(["forget", "../code/one"]).code(0).stdout("").stderr(forgotten);
    assert_eq!(known(&sandbox), ["code/two"]);
    sandbox.set("__JLPROJ_NOW", (NOW + 60).to_string());
    start(&sandbox, "code/one");
    let rows = listed(&sandbox);
    let one = row(&sandbox, &rows, "code/one");
    assert_eq!((&one["uses"], &one["last_use"]), (&1.into(), &(NOW + 60).into()));

    // A folder that is gone, such as one on a disk that is not there now.
    fs::rename(sandbox.path("code"), sandbox.path("away")).expect("away");
    assert_eq!(known(&sandbox), [""; 0]);
    sandbox.set("__JLPROJ_NOW", (NOW + 120).to_string());
    sandbox.jlproj(["forget", "../code/./one"]).code(0).stdout("").stderr(forgotten);
    // A slip.
    let ran = sandbox.jlproj(["forget", "../code/oen"]);
    ran.code(1).stdout("").stderr(
        "error: there is no folder `[SANDBOX]/code/oen`, and no project of that name is known\n\n\
         hint: `jlproj list --all` shows what is known\n",
    );
    fs::rename(sandbox.path("away"), sandbox.path("code")).expect("back");
    assert_eq!(known(&sandbox), ["code/two"]);
}

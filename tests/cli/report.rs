//! `jlproj report`: one page with all that is known.

use std::fs;
use std::io::Write as _;

use crate::support::sandbox::{NOW, Sandbox, copy_folder};
use crate::support::starts::wait_for_the_end;
use crate::support::world::world;

/// Says that a project was started an hour ago.
fn note_start(journal: &mut fs::File, path_text: &str) {
    writeln!(journal, "{}\texact\t-\t1.10.4\t{path_text}", NOW - 3_600).expect("journal");
}

#[test]
fn the_page_shows_projects_images_and_who_shares_them_and_asks_for_nothing() {
    let sandbox = Sandbox::new().in_world().with_standin_builder();
    sandbox.jlproj(["build", "--quiet", "--measure"]).code(0);
    wait_for_the_end(&sandbox);
    // A project whose name is code.
    let hostile = sandbox.path("home/<script>alert(1)<").join("script>\u{1b}[31m");
    copy_folder(&world().project(), &hostile);
    sandbox.jlproj(["scan".as_ref(), sandbox.path("home").as_os_str()]).code(0);

    let ran = sandbox.jlproj(["report", "-"]);
    let page = &ran.code(0).stdout;
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
    assert!(!page.contains("<script") && !page.contains('\u{1b}'), "{page}");
    assert!(page.contains("~/&lt;script&gt;alert(1)&lt;/script&gt;%1B[31m"), "{page}");
    for outside in ["http://", "https://", "src=", "url(", "@import", "<link"] {
        assert!(!page.contains(outside), "{outside}: {page}");
    }
    // The image is told once, with both projects below it, and its packages.
    let images = page.split("who shares them").nth(1).expect("images");
    let card = images.split("<article>").nth(1).expect("an image").split("</article>").next().expect("end");
    assert_eq!(images.matches("<article>").count(), 1, "{images}");
    assert!(card.contains("script&gt;%1B[31m</li>") && card.contains("[PROJECT]</li>"), "{card}");
    assert!(
        card.contains("Alpha 1.0.0") && card.contains(" s without") && card.contains(" s with<"),
        "{card}"
    );
    assert!(page.contains("images that projects get"), "{page}");
}

#[test]
fn it_is_written_whole_where_the_user_says() {
    let sandbox = Sandbox::new();
    let mut journal = fs::File::create(sandbox.write("store/usage-v1.log", "")).expect("journal");
    sandbox.write("home/one/Project.toml", "");
    sandbox.write("home/one/Manifest.toml", "");
    note_start(&mut journal, &format!("{}", sandbox.path("home/one").display()));
    sandbox
        .jlproj(["report"])
        .code(0)
        .stdout("")
        .stderr("jlproj: wrote `[PROJECT]/jlproj-report.html`; open it in a browser\n");
    let page = fs::read_to_string(sandbox.project().join("jlproj-report.html")).expect("page");
    assert!(page.contains("~/one") && page.ends_with("</html>"), "{page}");
    sandbox.jlproj(["report", "../home"]).code(0);
    assert!(sandbox.path("home/jlproj-report.html").exists());
    assert_eq!(sandbox.names("project"), ["jlproj-report.html"]);
}

#[test]
fn a_link_or_a_device_in_its_place_stays() {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
    let sandbox = Sandbox::new();
    let real = sandbox.write("home/real.html", "old");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).expect("mode");
    symlink("../home/real.html", sandbox.path("project/page.html")).expect("link");
    sandbox.jlproj(["report", "page.html"]).code(0);
    assert!(sandbox.path("project/page.html").is_symlink());
    assert!(fs::read_to_string(&real).expect("page").ends_with("</html>"));
    assert_eq!(fs::metadata(&real).expect("page").permissions().mode() & 0o777, 0o600);

    // As `/dev/null`, which root could lose.
    let pipe = sandbox.path("project/pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).expect("page")
    });
    sandbox.jlproj(["report", "pipe"]).code(0);
    assert!(fs::symlink_metadata(&pipe).expect("pipe").file_type().is_fifo());
    assert!(reader.join().expect("reader").ends_with("</html>"));
}

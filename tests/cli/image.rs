//! One real image, made directly, and what happens to it as its project changes.

use crate::sandbox::Sandbox;
use crate::world::world;

#[test]
fn what_is_baked_is_what_cannot_change() {
    let world = world();
    let image = world.image();
    let code = "print(join(sort([id.name for id in keys(Base.loaded_modules)]), ' '))";
    let output = std::process::Command::new(crate::world::julia())
        .arg(format!("--sysimage={}", image.display()))
        .args(["--startup-file=no", "-e", code])
        .output()
        .expect("Julia");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let loaded: Vec<&str> = text.split(' ').collect();
    for name in ["Alpha", "Beta", "Gamma"] {
        assert!(loaded.contains(&name), "{name} is not in the image: {text}");
    }
    for name in ["Helper", "OnHelper"] {
        assert!(!loaded.contains(&name), "{name} is in the image: {text}");
    }
    let _ = Sandbox::new();
}

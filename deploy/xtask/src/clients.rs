//! Unmodified public clients against a real pool: PyPI `XenAPI`, Ansible's modules and npm `xen-api`, installed by package name.

use crate::run::{Failure, build_programs, program, root, run};
use std::path::PathBuf;

/// Versions that the tests were written against.
const PYTHON_CLIENT: &str = "XenAPI==26.21.1";
/// Holds the collection community.general. The newest for the Python of Debian 12.
const ANSIBLE: &str = "ansible==12.3.0";
const NPM_CLIENT: &str = "xen-api@4.7.6";

pub fn clients() -> Result<(), Failure> {
    build_programs()?;
    let place = tools_dir();
    std::fs::create_dir_all(&place)?;
    python(&place)?;
    npm(&place)
}

/// Below the target folder: built once, thrown away with it.
fn tools_dir() -> PathBuf {
    target_dir().join("client-tools")
}

fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into)
}

fn python(place: &std::path::Path) -> Result<(), Failure> {
    let venv = place.join("python");
    let python = venv.join("bin/python");
    if !python.exists() {
        need("python3", "python3 python3-venv")?;
        run(program("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    // Not compiled beforehand: Ansible has ten thousand files, of which a handful is used.
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        PYTHON_CLIENT,
        ANSIBLE,
    ];
    run(program(&python.to_string_lossy()).args(install))?;
    for script in ["run.py", "ansible_modules.py"] {
        run(program(&python.to_string_lossy())
            .arg(std::path::Path::new("tests/clients/python").join(script))
            .arg(target_dir().join("debug/xenith")))?;
    }
    Ok(())
}

fn npm(place: &std::path::Path) -> Result<(), Failure> {
    let modules = place.join("npm");
    if !modules.join("node_modules/xen-api").exists() {
        need("npm", "nodejs npm")?;
        std::fs::create_dir_all(&modules)?;
        run(program("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .arg(&modules)
            .arg(NPM_CLIENT))?;
    }
    run(program("node")
        .arg("tests/clients/npm/run.cjs")
        .arg(target_dir().join("debug/xenith"))
        .env("NODE_PATH", modules.join("node_modules")))
}

/// Installs Debian packages when a program is missing (a fresh machine has only Rust and git).
fn need(name: &str, packages: &str) -> Result<(), Failure> {
    if program(name)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        return Ok(());
    }
    run(program("apt-get").args(["update", "--quiet"]))?;
    run(program("apt-get")
        .args(["install", "--yes", "--quiet"])
        .args(packages.split(' ')))
}

//! Tests that generated clients can carry a dossier from upload to rating.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use cluster::tools;

use crate::checks::{program, succeed};
use crate::root;
use crate::server::serve;

/// Drivers in TypeScript, one for each generator.
const TYPESCRIPT: [&str; 2] = ["fetch-driver", "sdk-driver"];

/// Generates clients from the checked-in OpenAPI documents, checks the types of the drivers in
/// `clients`, and runs them against the built program.
pub(crate) fn carry_a_dossier() -> Result<()> {
    let folder = root().join("target/clients");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let (typescript, python) = (folder.join("typescript"), folder.join("python"));
    generate_typescript(&typescript)?;
    let programs = generate_python(&python)?;
    let data = folder.join("data");
    let (_server, address) = serve(&program(), &data)?;
    let drive = |command: &mut Command, folder: &Path| {
        let command = command.env("U", format!("http://{address}")).env("D", program());
        succeed(command.env("DOSSIER_DATA", &data).current_dir(folder))
    };
    for driver in TYPESCRIPT {
        drive(Command::new("node").arg(format!("built/{driver}.js")), &typescript)?;
    }
    drive(Command::new(programs.join("python")).arg("driver.py"), &python)
}

/// Generates with openapi-typescript and @hey-api/openapi-ts, and compiles the drivers.
fn generate_typescript(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(root().join("clients"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| ["ts", "mjs", "json"].iter().any(|k| kind == *k)) {
            std::fs::copy(&path, folder.join(path.file_name().context("no name")?))?;
        }
    }
    let packages = tools::node_packages()?.join("node_modules");
    std::os::unix::fs::symlink(&packages, folder.join("node_modules"))?;
    let documents = root().join("openapi");
    succeed(Command::new("node").arg("generate.mjs").arg(documents).current_dir(folder))?;
    succeed(Command::new(packages.join(".bin/tsc")).current_dir(folder))
}

/// Generates a package for each document with openapi-python-client, and checks the types of the
/// driver and of what it uses. Returns the folder of Python's programs.
fn generate_python(folder: &Path) -> Result<std::path::PathBuf> {
    let packages = folder.join("dossier_clients");
    std::fs::create_dir_all(&packages)?;
    std::fs::write(packages.join("__init__.py"), "")?;
    std::fs::copy(root().join("clients/driver.py"), folder.join("driver.py"))?;
    let programs = tools::python_packages()?;
    let documents = root().join("openapi");
    for entry in std::fs::read_dir(&documents)? {
        let path = entry?.path();
        if path.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        let name = path.file_stem().context("no name")?.to_string_lossy().replace('-', "_");
        let mut generate = Command::new(programs.join("openapi-python-client"));
        generate.args(["generate", "--meta", "none", "--path"]).arg(&path);
        generate.arg("--config").arg(documents.join("python-client.yaml"));
        succeed(generate.arg("--output-path").arg(packages.join(name)).current_dir(folder))?;
    }
    // The generator casts what may be any list to a list of anything.
    let strict = ["--strict", "--no-warn-redundant-casts", "."];
    succeed(Command::new(programs.join("mypy")).args(strict).current_dir(folder))?;
    Ok(programs)
}

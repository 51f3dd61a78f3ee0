//! Updates the viewer of the API reference, which is checked in compressed and served as it is.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::checks::succeed;
use crate::root;

/// Downloads `redoc` from npm, and writes its bundle, its licences, and a note of its version and
/// digests into `program/src/serve/viewer`.
pub(crate) fn update(version: &str) -> Result<()> {
    let work = root().join("target/viewer");
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    std::fs::create_dir_all(&work)?;
    let package = format!("redoc@{version}");
    succeed(Command::new("npm").args(["pack", "--silent", &package]).current_dir(&work))?;
    let archive = format!("redoc-{version}.tgz");
    succeed(Command::new("tar").args(["xzf", &archive]).current_dir(&work))?;
    let bundle = work.join("package/bundles/redoc.standalone.js");
    let folder = root().join("program/src/serve/viewer");
    std::fs::create_dir_all(&folder)?;
    let compressed = output(Command::new("gzip").args(["-9", "-n", "-c"]).arg(&bundle))?;
    std::fs::write(folder.join("redoc.standalone.js.gz"), &compressed)?;
    let licence = std::fs::read_to_string(work.join("package/LICENSE"))?;
    let bundled = std::fs::read_to_string(bundle.with_extension("js.LICENSE.txt"))?;
    let licences = format!("Redoc:\n\n{licence}\nWhat is bundled with it:\n\n{bundled}");
    std::fs::write(folder.join("LICENSE"), licences)?;
    let original = digest(&bundle)?;
    let served = digest(&folder.join("redoc.standalone.js.gz"))?;
    let note = format!(
        "redoc {version} from npm, bundles/redoc.standalone.js, compressed with gzip -9 -n.\n\
         Written by `cargo xtask viewer {version}`.\n\
         sha256 of the bundle: {original}\n\
         sha256 of the compressed file: {served}\n"
    );
    std::fs::write(folder.join("VERSION"), note)?;
    Ok(())
}

/// SHA-256 of a file, in hexadecimal digits.
fn digest(path: &std::path::Path) -> Result<String> {
    let line = String::from_utf8(output(Command::new("sha256sum").arg(path))?)?;
    Ok(line.split(' ').next().context("no digest")?.to_owned())
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let done = command.stderr(Stdio::inherit()).output()?;
    if done.status.success() { Ok(done.stdout) } else { bail!("{command:?} failed") }
}

//! Programs from Debian packages, unpacked instead of installed: this needs no root and starts no
//! service.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::{folder, locked, run};

/// Downloads and unpacks packages with a package list of our own, because the system's may be
/// missing and only root can update it. Of the dependencies, only those that are not installed are
/// unpacked.
const UNPACK: &str = r#"
set -e
mkdir -p "$APT/lists/partial" "$APT/cache/archives/partial"
own="-qq -o Dir::State::lists=$APT/lists -o Dir::Cache=$APT/cache -o Debug::NoLocking=true -o APT::Sandbox::User="
fetch() {
  wanted=$PACKAGE=$VERSION
  if [ -z "$VERSION" ]; then
    wanted=$(apt-get $own --no-install-recommends --simulate install "$PACKAGE" | sed -n 's/^Inst \([^ ]*\).*/\1/p')
  fi
  apt-get $own download ${wanted:-$PACKAGE}
}
rm -rf "$FOLDER.part"; mkdir -p "$FOLDER.part"; cd "$FOLDER.part"
fetch 2>/dev/null || { apt-get $own update; fetch; }
if [ -n "$SHA256" ]; then printf '%s  %s\n' "$SHA256" *.deb | sha256sum --check --quiet; fi
for package in *.deb; do dpkg-deb --extract "$package" .; done
rm *.deb; rm -rf "$FOLDER"; mv "$FOLDER.part" "$FOLDER"
"#;

/// A file of a Debian package: the installed one, or an unpacked one that finds its libraries.
pub fn debian(package: &str, file: &str) -> Result<PathBuf> {
    let installed = PathBuf::from(file);
    if installed.exists() {
        return Ok(installed);
    }
    let file = unpacked(package, None)?.join(file.trim_start_matches('/'));
    if file.is_file() && !is_library(&file) { wrapped(package, &file) } else { Ok(file) }
}

/// The folder of an unpacked package, with pinned version and checksum if given.
pub(crate) fn unpacked(package: &str, pin: Option<(&str, &str)>) -> Result<PathBuf> {
    let target = folder()?.join(package);
    if !target.exists() {
        let _one = locked("apt")?;
        if !target.exists() {
            let (version, sha256) = pin.unwrap_or_default();
            let mut unpack = Command::new("sh");
            unpack.args(["-c", UNPACK]).env("PACKAGE", package).env("FOLDER", &target);
            unpack.env("VERSION", version).env("SHA256", sha256).env("APT", folder()?.join("apt"));
            run(&mut unpack)
                .with_context(|| format!("Debian's package {package} cannot be unpacked"))?;
        }
    }
    Ok(target)
}

/// A script that starts an unpacked program with its unpacked libraries.
pub(crate) fn wrapped(package: &str, program: &Path) -> Result<PathBuf> {
    let scripts = folder()?.join(package).join("wrapped");
    let name = program.file_name().context("a program has a name")?;
    let script = scripts.join(name);
    if !script.exists() {
        let libraries = libraries(&folder()?.join(package))?;
        fs::create_dir_all(&scripts)?;
        let text = format!(
            "#!/bin/sh\nLD_LIBRARY_PATH='{libraries}' exec '{}' \"$@\"\n",
            program.display()
        );
        // Renamed into place: another process may be about to start it.
        let part = scripts.join(format!("{}.{}", name.display(), std::process::id()));
        fs::write(&part, text)?;
        fs::set_permissions(&part, fs::Permissions::from_mode(0o755))?;
        fs::rename(part, &script)?;
    }
    Ok(script)
}

fn is_library(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().contains(".so"))
}

/// The folders of libraries for `LD_LIBRARY_PATH`.
fn libraries(unpacked: &Path) -> Result<String> {
    let mut found = Vec::new();
    for folder in ["usr/lib", "lib"].map(|folder| unpacked.join(folder)) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry?.path();
            if path.display().to_string().ends_with("-linux-gnu") {
                found.push(path.display().to_string());
            }
        }
    }
    Ok(found.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_not_unpacked() {
        assert_eq!(debian("coreutils", "/bin/sh").unwrap(), Path::new("/bin/sh"));
    }

    #[test]
    fn a_library_is_not_wrapped_in_a_script() {
        assert!(is_library(Path::new("/usr/lib/x/libfaketime.so.1")));
        assert!(!is_library(Path::new("/usr/sbin/nginx")));
    }
}

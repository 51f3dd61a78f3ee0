//! docs/one-machine.md and the units of systemd: what stands there to be pasted stops where something fails, and the backup is of the
//! office that is served.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const HANDBOOK: &str = "../docs/one-machine.md";
/// What the lines call, which must not happen here.
const CALLED: [&str; 7] = ["systemctl", "cp", "mv", "install", "curl", "useradd", "ls"];

/// The shell's lines below a heading.
fn lines(heading: &str) -> String {
    let text = std::fs::read_to_string(HANDBOOK).unwrap();
    let (_, below) = text.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, block) = below.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

/// The commands that are called when the one that is written `fails` fails.
fn called(folder: &Path, lines: &str, fails: &str) -> Vec<String> {
    let log = folder.join("called");
    // There may be none yet.
    let _ = std::fs::remove_file(&log);
    for name in CALLED {
        let path = folder.join(name);
        let script = format!(
            "#!/bin/sh\necho {name} \"$@\" >> {}\n[ \"{name} $*\" != \"{fails}\" ]\n",
            log.display()
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    // The shell puts the doubles in front of the programs of the machine.
    let lines = format!("PATH='{}':$PATH\n{lines}", folder.display());
    Command::new("bash").args(["-c", &lines]).output().unwrap();
    let called = std::fs::read_to_string(&log).unwrap_or_default();
    called.lines().map(str::to_owned).collect()
}

#[test]
fn an_upgrade_without_a_backup_goes_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let lines = lines("Upgrade, and go back");
    let all = called(folder.path(), &lines, "nothing fails");
    assert_eq!(all[0], "systemctl start dossier-backup.service");
    assert!(all.iter().any(|line| line.starts_with("install ")), "{all:?}");
    // A second upgrade asks for the same, and each backup has a name of its own.
    assert!(!lines.contains("/var/backups/dossier/before-upgrade"), "{lines}");
    for (at, line) in all.iter().enumerate() {
        assert_eq!(
            called(folder.path(), &lines, line),
            all[..=at],
            "goes on although {line} failed"
        );
    }
}

#[test]
fn what_waits_for_the_office_to_be_ready_waits() {
    let text = std::fs::read_to_string(HANDBOOK).unwrap();
    let asked: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("curl ") && line.contains("/health/ready"))
        .collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    for line in asked {
        assert!(line.contains("--retry 30") && line.contains("--retry-connrefused"), "{line}");
    }
}

/// The values of a key of a unit.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

#[test]
fn everything_that_touches_the_office_reads_the_settings_that_it_is_served_with() {
    let unit = |name: &str| std::fs::read_to_string(format!("../systemd/{name}")).unwrap();
    let (serves, backs_up) = (unit("dossier.service"), unit("dossier-backup.service"));
    let settings = values(&serves, "EnvironmentFile");
    assert_eq!(settings, ["/etc/dossier/dossier.env"]);
    assert_eq!(values(&backs_up, "EnvironmentFile"), settings);
    for unit in [&serves, &backs_up] {
        assert!(values(unit, "ExecStart")[0].contains("--data /var/lib/dossier"));
    }
    // By hand too: nothing else reads the office's data.
    let text = std::fs::read_to_string(HANDBOOK).unwrap();
    for line in text.lines().filter(|line| line.contains("dossier backup ")) {
        assert!(line.contains("EnvironmentFile=/etc/dossier/dossier.env"), "{line}");
    }
}

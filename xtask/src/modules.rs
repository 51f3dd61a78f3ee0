//! The arrows between the modules of a library.

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::sources;

type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Names that the root of a crate re-exports, with their modules.
fn reexported(root: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for statement in root.split("pub use ").skip(1) {
        let statement = statement.split(';').next().unwrap_or_default();
        let Some((module, of)) = statement.split_once("::") else { continue };
        let of = of.trim_matches(['{', '}']).split(',').map(str::trim);
        names.extend(of.map(|name| (name.to_owned(), module.to_owned())));
    }
    names
}

/// First segments of the paths that begin with `prefix`, also within braces.
fn used(text: &str, prefix: &str) -> Vec<String> {
    let heads = text.split(prefix).skip(1).flat_map(|path| match path.strip_prefix('{') {
        Some(group) => {
            let mut depth = 0_u32;
            let mut heads = vec![String::new()];
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => heads.push(String::new()),
                    _ if depth == 0 => heads.last_mut().unwrap().push(c),
                    _ => {}
                }
            }
            let head = |path: String| path.trim().split("::").next().unwrap().to_owned();
            heads.into_iter().map(head).collect()
        }
        None => {
            let name = |c: char| c.is_alphanumeric() || c == '_';
            vec![path.split(|c| !name(c)).next().unwrap().to_owned()]
        }
    });
    heads.collect()
}

/// The modules of a library, each with those that it uses outside its tests.
fn arrows(library: &str) -> Arrows {
    let folder = format!("libs/{library}/src");
    let sources = sources();
    let root = sources.iter().find(|(path, _)| path.ends_with(format!("{folder}/lib.rs")));
    let reexported = reexported(&root.unwrap().1);
    let mut arrows = Arrows::new();
    for (path, text) in &sources {
        let Ok(inside) = path.strip_prefix(&folder) else { continue };
        let first = inside.iter().next().unwrap().to_string_lossy();
        let module = first.trim_end_matches(".rs").to_owned();
        if module == "lib" || inside.ends_with("tests.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap();
        let code: String =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let mut names = used(&code, "crate::");
        // In the file of a module, `super` is the root of the library.
        if inside.iter().count() == 1 {
            names.extend(used(&code, "use super::"));
        }
        let used = names.into_iter().map(|name| reexported.get(&name).cloned().unwrap_or(name));
        let used = used.filter(|name| *name != module);
        arrows.entry(module.clone()).or_default().extend(used);
    }
    arrows
}

/// Removes modules that use no other until none is left to remove; those that remain are on a
/// circle, or use one.
fn circle(mut arrows: Arrows) -> Vec<String> {
    loop {
        let known: BTreeSet<String> = arrows.keys().cloned().collect();
        let before = arrows.len();
        arrows.retain(|_, used| used.iter().any(|used| known.contains(used)));
        if arrows.len() == before {
            return arrows.into_keys().collect();
        }
    }
}

#[test]
fn the_modules_of_a_library_have_no_circle() {
    let libraries =
        ["calendar", "papers", "partners", "events", "platform", "engine", "documents", "web"];
    for library in libraries {
        let arrows = arrows(library);
        assert!(arrows.len() > 5, "{library}: too few modules were found");
        let found = arrows.values().flatten().filter(|used| arrows.contains_key(*used)).count();
        assert!(found > 1, "{library}: only {found} arrows were found");
        let circle = circle(arrows);
        assert!(circle.is_empty(), "{library} has a circle among {circle:?}");
    }
}

#[test]
fn a_circle_is_found_through_names_and_groups() {
    let names = reexported("mod a;\npub use a::{A, B};\npub use c::C;");
    assert_eq!(names["B"], "a");
    let of = |text: &str| used(text, "crate::");
    assert_eq!(of("use crate::{A, b::{c, d}, e};"), ["A", "b", "e"]);
    assert_eq!(of("use crate::limits::X; crate::f();"), ["limits", "f"]);
    assert_eq!(used("use super::{Problem, due::Due};", "use super::"), ["Problem", "due"]);
    let arrows = |all: &[(&str, &str)]| {
        let each = all.iter().map(|(a, b)| ((*a).to_owned(), BTreeSet::from([(*b).to_owned()])));
        each.collect::<Arrows>()
    };
    assert!(circle(arrows(&[("a", "b"), ("b", "limits")])).is_empty());
    assert_eq!(circle(arrows(&[("a", "b"), ("b", "a"), ("c", "limits")])), ["a", "b"]);
}

//! The desk as it is served: its files, its policy, and how it can be turned off. What it does in a
//! browser is tested by `cargo xtask desk`.

use serde_json::json;

use crate::durability::Process;
use crate::support::{Answer, Browser};

/// A file that is fetched without a token.
async fn file(browser: &Browser, path: &str) -> Answer {
    browser.send(http::Method::GET, path, &[], Vec::new()).await.unwrap()
}

/// Addresses that a module imports, from the root.
fn imports(module: &str, text: &str) -> Vec<String> {
    let folder = module.rsplit_once('/').map_or("", |(folder, _)| folder);
    let quoted = text.split(['\'', '"']);
    let named = quoted.filter(|part| {
        part.starts_with('.') && part.rsplit_once('.').is_some_and(|(_, kind)| kind == "js")
    });
    named
        .map(|part| {
            let mut path: Vec<&str> = folder.split('/').collect();
            for step in part.split('/') {
                match step {
                    "." => {}
                    ".." => {
                        path.pop();
                    }
                    name => path.push(name),
                }
            }
            path.join("/")
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_is_served_whole_and_without_inline_code() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path());
    let page = file(&process.browser, "/").await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    let text = page.body.as_str().unwrap().to_owned();
    assert!(!text.contains("<script>") && !text.contains("style="), "{text}");

    // All modules that the first one imports, directly or through others.
    let mut left = vec!["/desk/main.js".to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(module) = left.pop() {
        if seen.insert(module.clone()) {
            let found = file(&process.browser, &module).await;
            assert_eq!(found.status, 200, "{module}");
            assert_eq!(found.header("content-type"), "text/javascript; charset=utf-8");
            left.extend(imports(&module, found.body.as_str().unwrap()));
        }
    }
    assert!(seen.len() > 25, "{seen:?}");
    let settings = file(&process.browser, "/desk/settings.json").await;
    assert_eq!(settings.body, json!({ "sign_in": "token" }));
    // What only the demo has is not there.
    assert_eq!(file(&process.browser, "/demo").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_desk_the_first_page_leads_to_the_reference_and_to_health() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start_with(folder.path(), &["--no-desk"]);
    let page = file(&process.browser, "/").await;
    let page = page.body.as_str().unwrap();
    let links = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let links: Vec<&str> = links.collect();
    assert!(links.contains(&"docs") && links.contains(&"health/ready"), "{links:?}");
    for link in links {
        let status = file(&process.browser, &format!("/{link}")).await.status;
        assert!(status.is_success() || link == "health/ready", "{link}: {status}");
    }
    assert_eq!(file(&process.browser, "/desk/main.js").await.status, 404);
}

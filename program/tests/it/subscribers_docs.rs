//! The lines of docs/subscribers.md by which receivers verify messages, run as they are shown.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::life::submitted;
use crate::support::receiver::Receiver;
use crate::support::{Office, root};

const PYTHON: &str = r#"
import sys
for line in sys.stdin:
    secret, number, at, signature, body = line.rstrip("\n").split("\t")
    headers = {"webhook-id": number, "webhook-timestamp": at, "webhook-signature": signature}
    try:
        verify(secret, headers, base64.b64decode(body))
        print("genuine")
    except ValueError as error:
        print(error)
"#;

const JAVASCRIPT: &str = r"
import { readFileSync } from 'node:fs';
for (const line of readFileSync(0, 'utf8').trimEnd().split('\n')) {
  const [secret, id, at, signature, body] = line.split('\t');
  const headers = { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature };
  try {
    verify(secret, headers, Buffer.from(body, 'base64'));
    console.log('genuine');
  } catch (error) {
    console.log(error.message);
  }
}
";

/// The first class of a source file is the one that is run.
const JAVA: &str = r#"
final class Main {
  public static void main(String[] arguments) throws Exception {
    var input = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] parts = line.split("\t");
      Map<String, String> headers =
          Map.of("webhook-id", parts[1], "webhook-timestamp", parts[2], "webhook-signature", parts[3]);
      try {
        Webhooks.verify(parts[0], headers, Base64.getDecoder().decode(parts[4]));
        System.out.println("genuine");
      } catch (GeneralSecurityException error) {
        System.out.println(error.getMessage());
      }
    }
  }
}

"#;

/// The block of the page in this language.
fn shown(language: &str) -> String {
    let page = std::fs::read_to_string(root().join("docs/subscribers.md")).unwrap();
    let block = page.split_once(&format!("```{language}\n")).unwrap().1;
    block.split_once("```").unwrap().0.to_owned()
}

/// What a program says of messages, a line each.
fn says(program: &[&str], file: &Path, messages: &[Value]) -> Vec<String> {
    let mut command = Command::new(program[0]);
    let command = command.args(&program[1..]).arg(file);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut input = child.stdin.take().unwrap();
    for message in messages {
        let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let headers = headers.map(|name| text(&message["headers"][name])).join("\t");
        let body = STANDARD.encode(text(&message["body"]));
        writeln!(input, "{}\t{headers}\t{body}", text(&message["secret"])).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn the_lines_of_the_page_accept_messages_and_refuse_forged_and_old_ones() {
    let mut office = Office::open().await;
    let (clerk, receiver) = (office.clerk(), Receiver::open().await);
    let body = json!({ "name": "portal", "url": receiver.address() });
    let made = office.browser.post("/v1/subscribers", &clerk, "", body).await.granted();
    office.settle().await;
    let rotate = format!("/v1/subscribers/{}/secrets", made["subscriber"].as_str().unwrap());
    office.browser.post(&rotate, &clerk, "", json!({})).await.granted();
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    // Signed by two secrets; the former one is the second.
    let genuine = receiver.messages().pop().unwrap().signed(&made["secret"]);
    let (mut changed, mut old, mut other) = (genuine.clone(), genuine.clone(), genuine.clone());
    changed["body"] = json!(genuine["body"].as_str().unwrap().replace("intake", "review"));
    old["headers"]["webhook-timestamp"] = json!("1614265330");
    other["secret"] = json!("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let messages = [genuine, changed, old, other];
    let (wrong, late) = ("no signature is right", "the message is too old, or this clock is wrong");
    let folder = tempfile::tempdir().unwrap();
    let java = shown("java");
    let (imports, class) = java.split_once("\n\n").unwrap();
    for (program, name, text) in [
        (&["python3"][..], "verify.py", shown("python") + PYTHON),
        (&["node"], "verify.mjs", shown("js") + JAVASCRIPT),
        (&["java"], "Main.java", format!("{imports}\n{JAVA}{class}")),
    ] {
        if Command::new(program[0]).arg("--version").output().is_err() {
            eprintln!("skipped: {} is not installed", program[0]);
            continue;
        }
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        assert_eq!(says(program, &file, &messages), ["genuine", wrong, late, wrong], "{name}");
    }
}

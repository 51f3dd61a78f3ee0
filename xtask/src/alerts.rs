//! Tests the chart's alerts with promtool: each with series on which it fires and series on which
//! it does not (helm/tests/alerts.yaml), alone and beside another release.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cluster::tools::promtool;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::generate::root;

const NAMESPACE: &str = "dossier";
const RELEASE: &str = "dossier";
const ELSEWHERE: &str = "elsewhere";
/// Interval of samples and of evaluations.
const INTERVAL: &str = "30s";
/// Default time of evaluation, in minutes.
const AFTER: u32 = 29;

/// An alert and its cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    alert: String,
    fires: Vec<Case>,
    silent: Vec<Case>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// `name{labels} values`, in promtool's notation.
    series: Vec<String>,
    /// Expected labels of each alert besides those of the release; by default one alert without
    /// further labels.
    #[serde(default)]
    labels: Vec<Map<String, Value>>,
    after: Option<u32>,
}

fn cases() -> Result<Vec<Cases>> {
    let path = root().join("helm/tests/alerts.yaml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(serde_yaml_ng::from_str(&text)?)
}

/// Checks the rules of a rendered chart and tests them.
pub(crate) fn check(rendered: &str) -> Result<()> {
    let groups = groups(rendered)?;
    let folder = root().join("target/manifests/alerts");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    // JSON is valid YAML.
    let all = folder.join("all.yaml");
    std::fs::write(&all, json!({ "groups": groups }).to_string())?;
    run(&["check", "rules"], &[all])?;
    let rules: Vec<&Value> =
        groups.iter().filter_map(|group| group["rules"].as_array()).flatten().collect();
    // Each alert is tested separately; otherwise a case of one day would evaluate all rules for a
    // day.
    let mut files = Vec::new();
    for (rule, tests) in scenes(&cases()?, &rules)? {
        let alert = rule["alert"].as_str().unwrap_or_default();
        let (its, file) = (format!("{alert}.rules.yaml"), folder.join(format!("{alert}.yaml")));
        let alone = json!({ "groups": [{ "name": alert, "rules": [rule] }] });
        std::fs::write(folder.join(&its), alone.to_string())?;
        let tests = json!({ "rule_files": [its], "evaluation_interval": INTERVAL, "tests": tests });
        std::fs::write(&file, tests.to_string())?;
        files.push(file);
    }
    run(&["test", "rules"], &files)
}

/// The rule groups of the only PrometheusRule.
fn groups(rendered: &str) -> Result<Vec<Value>> {
    for document in serde_yaml_ng::Deserializer::from_str(rendered) {
        let resource: Value = Deserialize::deserialize(document)?;
        if resource["kind"] == "PrometheusRule" {
            return Ok(resource["spec"]["groups"].as_array().cloned().unwrap_or_default());
        }
    }
    bail!("no PrometheusRule is rendered")
}

/// Promtool's tests for each rule. Fails for an alert without both kinds of cases, and for cases
/// without an alert.
fn scenes<'a>(cases: &[Cases], rules: &[&'a Value]) -> Result<Vec<(&'a Value, Vec<Value>)>> {
    for rule in rules {
        let alert = rule["alert"].as_str().unwrap_or_default();
        let Some(its) = cases.iter().find(|cases| cases.alert == alert) else {
            bail!("{alert} has no case in helm/tests/alerts.yaml");
        };
        // An alert that never fires would pass a case without series.
        if its.fires.is_empty() || !its.silent.iter().any(|case| !case.series.is_empty()) {
            bail!("{alert} needs a case in which it fires and one in which it does not");
        }
    }
    let mut scenes = Vec::new();
    for Cases { alert, fires, silent } in cases {
        let mut tests = Vec::new();
        let rule = rules.iter().find(|rule| rule["alert"] == *alert);
        let rule = rule.with_context(|| format!("{alert} is no alert of the chart"))?;
        let nothing = Case::default();
        for fire in fires {
            tests.push(scene(rule, Some(fire), fire, &nothing)?);
            for quiet in silent {
                tests.push(scene(rule, Some(fire), fire, quiet)?);
                tests.push(scene(rule, None, quiet, fire)?);
            }
        }
        for quiet in silent {
            tests.push(scene(rule, None, quiet, &nothing)?);
        }
        scenes.push((*rule, tests));
    }
    Ok(scenes)
}

/// A test with one release in a state, another one beside it, and the expected alerts of the first.
fn scene(rule: &Value, fires: Option<&Case>, here: &Case, elsewhere: &Case) -> Result<Value> {
    let mut input = Vec::new();
    for (case, namespace) in [(here, NAMESPACE), (elsewhere, ELSEWHERE)] {
        for series in &case.series {
            input.push(of_release(series, namespace)?);
        }
    }
    let bare = [Map::new()];
    let expected: Vec<Value> = fires
        .map_or(&[][..], |case| if case.labels.is_empty() { &bare[..] } else { &case.labels[..] })
        .iter()
        .map(|its| {
            let mut labels = rule["labels"].as_object().cloned().unwrap_or_default();
            labels.insert("namespace".to_owned(), NAMESPACE.into());
            labels.insert("job".to_owned(), RELEASE.into());
            labels.extend(its.clone());
            // Labels that the alert lacks.
            labels.retain(|_, value| !value.is_null());
            json!({ "exp_labels": labels, "exp_annotations": rule["annotations"] })
        })
        .collect();
    let after = here.after.unwrap_or(AFTER);
    Ok(json!({
        "interval": INTERVAL,
        "input_series": input,
        "alert_rule_test": [{
            "eval_time": format!("{after}m"), "alertname": rule["alert"], "exp_alerts": expected,
        }],
    }))
}

/// A series with the labels of its release.
fn of_release(series: &str, namespace: &str) -> Result<Value> {
    let (head, values) = match series.split_once("} ") {
        Some((head, values)) => (head, values),
        None => series.split_once(' ').context("a series without values")?,
    };
    let (name, labels) = head.split_once('{').unwrap_or((head, ""));
    let release = format!("namespace=\"{namespace}\",job=\"{RELEASE}\"");
    let labels = if labels.is_empty() { release } else { format!("{release},{labels}") };
    Ok(json!({ "series": format!("{name}{{{labels}}}"), "values": values }))
}

fn run(what: &[&str], files: &[PathBuf]) -> Result<()> {
    let output = Command::new(promtool()?).args(what).args(files).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    bail!("promtool {}: {}", what.join(" "), String::from_utf8_lossy(&said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() {
        let text = std::fs::read_to_string(root().join("helm/dossier/alerts.yaml")).unwrap();
        let alerts: Value = serde_yaml_ng::from_str(&text).unwrap();
        let rules: Vec<&Value> = alerts["alerts"].as_array().unwrap().iter().collect();
        assert!(rules.len() > 15);
        scenes(&cases().unwrap(), &rules).unwrap();
    }

    #[test]
    fn an_alert_without_a_silent_case_is_refused() {
        let rule = json!({ "alert": "A", "labels": {}, "annotations": {} });
        let mut case =
            Cases { alert: "A".to_owned(), fires: vec![Case::default()], silent: vec![] };
        assert!(scenes(std::slice::from_ref(&case), &[&rule]).is_err());
        case.silent.push(Case { series: vec!["up 1".to_owned()], ..Case::default() });
        scenes(&[case], &[&rule]).unwrap();
    }

    #[test]
    fn every_expression_names_its_release_wherever_it_names_a_figure() {
        let text = std::fs::read_to_string(root().join("helm/dossier/alerts.yaml")).unwrap();
        let alerts: Value = serde_yaml_ng::from_str(&text).unwrap();
        for alert in alerts["alerts"].as_array().unwrap() {
            let expr = alert["expr"].as_str().unwrap();
            let up = expr.matches("up{").count() - expr.matches("_up{").count();
            let figures = expr.matches("dossier_").count() + up;
            assert_eq!(expr.matches("$release").count(), figures, "{expr}");
            for group in expr.split(" by (").skip(1) {
                assert!(group.starts_with("namespace, job"), "{expr}");
            }
        }
    }
}

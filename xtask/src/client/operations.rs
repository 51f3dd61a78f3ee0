//! The operations of all documents as methods of the client.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::schemas::{Schemas, is_struct, rust};
use super::{Document, camel, documentation, fields, ident, referenced, text};

/// An operation with its resolved parameters.
struct Operation<'a> {
    service: &'a str,
    method: &'a str,
    address: &'a str,
    declared: &'a Value,
    parameters: Vec<&'a Value>,
}

fn all(documents: &[Document]) -> Result<Vec<Operation<'_>>> {
    let mut all = Vec::new();
    for Document { service, json } in documents {
        for (address, item) in fields(&json["paths"]) {
            // Messages in the words of partners are no part of our client.
            let words = ["/v1/partners/{partner}/notices", "/v1/partners/{partner}/return"];
            for (method, declared) in fields(item).filter(|_| !words.contains(&address.as_str())) {
                let mut parameters = Vec::new();
                for parameter in declared["parameters"].as_array().into_iter().flatten() {
                    let pointer = text(parameter, "$ref").trim_start_matches('#');
                    let of = || format!("{method} {address}: {pointer}");
                    parameters.push(json.pointer(pointer).with_context(of)?);
                }
                all.push(Operation { service, method, address, declared, parameters });
            }
        }
    }
    Ok(all)
}

/// `operations.rs`.
pub(super) fn file(documents: &[Document], schemas: &Schemas<'_>) -> Result<String> {
    let mut file = String::from(
        "//! One method per operation.\n\nuse http::Method;\n\n\
         use crate::request::{read_content, read_json, read_text, segment};\n\
         use crate::{Client, Content, ETag, Request, Transport, types};\n\n\
         /// A service, or the process itself, whose operations every process has.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\n\
         pub enum Service {\n",
    );
    for Document { service, .. } in documents {
        writeln!(file, "    {},", camel(service))?;
    }
    file += "}\n\n";
    let operations = all(documents)?;
    for Document { service, json } in documents {
        let description = text(&json["info"], "description").replace('\n', " ");
        writeln!(file, "/// {}: {description}", text(&json["info"], "title"))?;
        file += "impl<T: Transport> Client<T> {\n";
        for operation in operations.iter().filter(|operation| operation.service == *service) {
            file += &operation.method(schemas)?;
        }
        file += "}\n\n";
    }
    Ok(file)
}

/// A struct for each operation with a query.
pub(super) fn queries(documents: &[Document], schemas: &Schemas<'_>) -> Result<String> {
    let mut code = String::new();
    for operation in all(documents)? {
        let Some((name, query)) = operation.query() else { continue };
        writeln!(code, "/// The query of `{}`.", operation.name())?;
        code += &schemas.structure(&name, &query, true);
    }
    Ok(code)
}

impl Operation<'_> {
    fn name(&self) -> &str {
        text(self.declared, "operationId")
    }

    fn of(&self, place: &str) -> impl Iterator<Item = &Value> {
        self.parameters.iter().copied().filter(move |one| one["in"] == place)
    }

    /// The name of the query's type, and the query as a schema; `None` if there are no parameters.
    fn query(&self) -> Option<(String, Value)> {
        let (mut properties, mut required) = (json!({}), Vec::new());
        for parameter in self.of("query") {
            let name = text(parameter, "name");
            let mut schema = parameter["schema"].clone();
            schema["description"] = parameter["description"].clone();
            properties[name] = schema;
            required.extend((parameter["required"] == true).then_some(name));
        }
        let has = properties.as_object().is_some_and(|all| !all.is_empty());
        let query = json!({ "properties": properties, "required": required });
        has.then(|| (camel(self.name()) + "Query", query))
    }

    fn method(&self, schemas: &Schemas<'_>) -> Result<String> {
        let mut arguments = String::from("&self,");
        let mut address = format!("\"{}\".to_owned()", self.address);
        let segments: Vec<&Value> = self.of("path").collect();
        if !segments.is_empty() {
            let (mut pattern, mut values) = (self.address.to_owned(), String::new());
            for parameter in segments {
                let name = text(parameter, "name");
                let shape = rust(&parameter["schema"], "types::");
                let shape = if shape == "String" { "&str".to_owned() } else { shape };
                arguments += &format!("{}: {shape},", ident(name));
                // In the order of the path, which need not be that of the parameters.
                pattern = pattern.replace(&format!("{{{name}}}"), &format!("{{{}_}}", ident(name)));
                values += &format!(", {0}_ = segment({0})", ident(name));
            }
            address = format!("format!(\"{pattern}\"{values})");
        }
        let (kind, read) = self.reply()?;
        let http = self.method.to_uppercase();
        let mut request = format!(
            "Request::new(self, Service::{}, Method::{http}, {address}, {read})",
            camel(self.service)
        );
        if let Some((query, _)) = self.query() {
            arguments += &format!("query: &types::{query},");
            request += ".query(query)";
        }
        if self.of("header").any(|one| one["name"] == "If-Match") {
            arguments += "seen: &ETag,";
            request += ".if_match(seen)";
        }
        let (argument, call) = self.body(schemas);
        arguments += &argument;
        request += &call;
        let summary = text(self.declared, "summary");
        let about = format!("{summary}\n\n`{http} {}`\n\n{}", self.address, {
            text(self.declared, "description")
        });
        Ok(format!(
            "{}    pub fn {}({arguments}) -> Request<'_, T, {kind}> {{ {request} }}\n\n",
            documentation("    ", &about),
            self.name()
        ))
    }

    /// Type and reader of the successful response.
    fn reply(&self) -> Result<(String, &'static str)> {
        let responses = fields(&self.declared["responses"]);
        let success = responses.filter(|(status, _)| status.starts_with('2')).map(|(_, one)| one);
        let content = success.flat_map(|response| fields(&response["content"])).next();
        let Some((media_type, content)) = content else {
            bail!("{}: no successful response has a content", self.name())
        };
        let schema = &content["schema"];
        Ok(match (&**media_type, text(schema, "format")) {
            ("application/json", _) => (rust(schema, "types::"), "read_json"),
            (_, "binary") => ("Content".to_owned(), "read_content"),
            _ => ("String".to_owned(), "read_text"),
        })
    }

    /// The argument for the body, and the call that sets it.
    fn body(&self, schemas: &Schemas<'_>) -> (String, String) {
        let contents = &self.declared["requestBody"]["content"];
        let Some((media_type, content)) = fields(contents).next() else {
            return (String::new(), String::new());
        };
        if media_type != "application/json" {
            let arguments = "media_type: &str, content: impl Into<bytes::Bytes>,".to_owned();
            return (arguments, ".content(media_type, content)".to_owned());
        }
        let schema = &content["schema"];
        let declared = referenced(schema).map(|name| schemas.get(name));
        let is_empty = declared
            .is_some_and(|one| is_struct(one) && fields(&one["properties"]).next().is_none());
        if is_empty {
            return (String::new(), ".json(&serde_json::json!({}))".to_owned());
        }
        let kind = rust(schema, "types::");
        (format!("body: &{kind},"), ".json(body)".to_owned())
    }
}

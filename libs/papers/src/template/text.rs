//! Text with placeholders: `**bold** {{field}} {{field|filter}}`.

use serde_json::Value;

use super::TemplateError;
use crate::document::Span;
use crate::format::Filter;

/// A text of a template.
#[derive(Debug, Clone)]
pub(super) struct Text(Vec<Piece>);

#[derive(Debug, Clone)]
struct Piece {
    bold: bool,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Literal(String),
    Field(String, Filter),
}

impl Text {
    /// Reads a text in which the fields that `is_known` accepts may be used.
    pub(super) fn parse(
        text: &str,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Self, TemplateError> {
        let unbalanced = || TemplateError::Unbalanced(text.to_owned());
        let faces: Vec<&str> = text.split("**").collect();
        if faces.len().is_multiple_of(2) {
            return Err(unbalanced());
        }
        let mut pieces = Vec::new();
        for (index, part) in faces.into_iter().enumerate() {
            let bold = index % 2 == 1;
            let mut rest = part;
            while let Some((literal, after)) = rest.split_once("{{") {
                let (field, after) = after.split_once("}}").ok_or_else(unbalanced)?;
                pieces.push(Piece { bold, content: Content::Literal(literal.to_owned()) });
                pieces.push(Piece { bold, content: placeholder(field, &is_known)? });
                rest = after;
            }
            if rest.contains("}}") {
                return Err(unbalanced());
            }
            pieces.push(Piece { bold, content: Content::Literal(rest.to_owned()) });
        }
        pieces.retain(|piece| !matches!(&piece.content, Content::Literal(text) if text.is_empty()));
        Ok(Self(pieces))
    }

    /// The names of its fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match &piece.content {
            Content::Field(name, _) => Some(name.as_str()),
            Content::Literal(_) => None,
        })
    }

    /// The spans with the values of `data` in place of the fields. Values are never markup.
    pub(super) fn fill(&self, data: &Value) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for Piece { bold, content } in &self.0 {
            let text = match content {
                Content::Literal(text) => text.clone(),
                Content::Field(name, filter) => printable(&filter.apply(&data[name.as_str()])),
            };
            match spans.last_mut().filter(|last| last.bold == *bold) {
                Some(last) => last.text.push_str(&text),
                None => spans.push(Span { text, bold: *bold }),
            }
        }
        spans
    }

    /// The same without faces.
    pub(super) fn plain(&self, data: &Value) -> String {
        self.fill(data).into_iter().map(|span| span.text).collect()
    }
}

fn placeholder(text: &str, is_known: impl Fn(&str) -> bool) -> Result<Content, TemplateError> {
    let (name, filter) = match text.split_once('|') {
        Some((name, filter)) => {
            let filter = filter.trim();
            let known = Filter::named(filter);
            (name, known.ok_or_else(|| TemplateError::UnknownFilter(filter.to_owned()))?)
        }
        None => (text, Filter::Plain),
    };
    let name = name.trim();
    if !is_known(name) {
        return Err(TemplateError::UnknownField(name.to_owned()));
    }
    Ok(Content::Field(name.to_owned(), filter))
}

/// A value on paper: line breaks are kept, tabs and other control characters become spaces.
fn printable(text: &str) -> String {
    let kept = text.chars().map(|char| match char {
        '\n' => '\n',
        char if char.is_control() => ' ',
        char => char,
    });
    kept.collect()
}

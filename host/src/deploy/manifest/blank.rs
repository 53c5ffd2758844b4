//! A manifest's text without the values of its variables: what is kept of it.

use serde_json::{Map, Value as Json};

use super::diagnostic::Error;
use super::tree::{self, Node, Scalar, Value};
use super::{Manifest, Span};

/// What follows a key whose value is blank.
const BLANK: &str = ": \"\"";

impl Manifest {
    /// `source`, a sound manifest, with `""` for every value of `vars`; all else, comments too, is as it was.
    ///
    /// A text for which that cannot be done without a doubt becomes JSON, which is YAML too, and loses its comments: one whose
    /// values stand where anchors are, for example.
    ///
    /// # Errors
    /// It is not sound.
    pub fn without_values(source: &str) -> Result<String, Error> {
        let tree = tree::read(source)?;
        let values: Vec<(&Node, &Node)> = values(&tree).collect();
        let spans: Vec<Span> = values.iter().map(|(_, value)| value.span).collect();
        // From the end of the key on: a block's own span begins after its `|`.
        let mut places: Vec<Span> =
            values.iter().map(|(key, value)| Span { start: key.span.end, end: value.span.end }).collect();
        places.sort_by_key(|place| std::cmp::Reverse(place.start));
        places.dedup();
        let expected = json(&tree, Place::Root, &spans);
        let blanked = blank(source, &places);
        let is_exact = |text: &String| tree::read(text).is_ok_and(|tree| json(&tree, Place::Root, &[]) == expected);
        Ok(blanked.filter(is_exact).unwrap_or_else(|| format!("{expected:#}\n")))
    }
}

/// The keys and the values of `vars` that have values.
fn values(tree: &Node) -> impl Iterator<Item = (&Node, &Node)> {
    let vars = tree.field("project").and_then(|project| project.field("vars"));
    let vars: &[Node] = match vars.map(|vars| &vars.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    };
    let value = |var| Some((Node::key(var, "value")?, Node::field(var, "value")?));
    vars.iter().filter_map(value).filter(|(_, value)| !value.is_null())
}

/// None when a place is no part of the text, or is within another one.
fn blank(source: &str, places_from_the_end: &[Span]) -> Option<String> {
    let mut text = source.to_owned();
    let mut end = source.len();
    for span in places_from_the_end {
        let is_apart = span.start < span.end && span.end <= end;
        if !is_apart {
            return None;
        }
        // A block has its line end in its span, and the blanks before the next key.
        let written = source.get(span.start..span.end)?.trim_end();
        text.replace_range(span.start..span.start + written.len(), BLANK);
        end = span.start;
    }
    Some(text)
}

/// Where a node stands, as far as it takes to find variables.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Project,
    Vars,
    Var,
    Value,
    /// A text for people, which an anchor may make a value too.
    Text,
    Elsewhere,
}

impl Place {
    fn below(self, key: Option<&str>) -> Self {
        match (self, key) {
            (Self::Root, Some("project")) => Self::Project,
            (Self::Project, Some("vars")) => Self::Vars,
            (Self::Vars, None) => Self::Var,
            (Self::Var, Some("value")) => Self::Value,
            (_, Some("description" | "display_name")) => Self::Text,
            _ => Self::Elsewhere,
        }
    }
}

/// What a tree says, without the values of variables. Of a scalar that is not text YAML reads the same again.
fn json(node: &Node, place: Place, values: &[Span]) -> Json {
    let is_value = place == Place::Value || (place == Place::Text && values.contains(&node.span));
    match &node.value {
        Value::Scalar(Scalar::Null, _) => Json::Null,
        Value::Scalar(..) if is_value => Json::String(String::new()),
        Value::Scalar(Scalar::Bool(value), _) => Json::Bool(*value),
        Value::Scalar(Scalar::Number, text) => {
            serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()))
        }
        Value::Scalar(Scalar::Text, text) => Json::String(text.clone()),
        Value::List(items) => items.iter().map(|item| json(item, place.below(None), values)).collect(),
        Value::Map(entries) => {
            let entry = |(key, value): &(Node, Node)| {
                let key = key.scalar().unwrap_or_default();
                (key.to_owned(), json(value, place.below(Some(key)), values))
            };
            Json::Object(entries.iter().map(entry).collect::<Map<_, _>>())
        }
    }
}

//! As much of JSON Schema as the manifest's schema uses. A keyword that is not here panics, so that none is passed over.

use regex::Regex;
use serde_json::{Map, Value};

/// Whether `value` is what `schema` says.
pub(super) fn accepts(schema: &Value, value: &Value) -> bool {
    let keywords = match schema {
        Value::Bool(all) => return *all,
        Value::Object(keywords) => keywords,
        other => panic!("{other} is no schema"),
    };
    keywords.iter().all(|(keyword, rule)| holds(keyword, rule, keywords, value))
}

fn holds(keyword: &str, rule: &Value, schema: &Map<String, Value>, value: &Value) -> bool {
    match keyword {
        "$schema" | "title" | "description" | "examples" | "default" => true,
        "type" => match rule {
            Value::Array(types) => types.iter().any(|kind| is(value, kind)),
            kind => is(value, kind),
        },
        "const" => value == rule,
        "enum" => items(rule).contains(value),
        "anyOf" => items(rule).iter().any(|schema| accepts(schema, value)),
        "pattern" => value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
        // A note on what a number is read into.
        "format" => true,
        "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
        "minItems" => {
            value.as_array().is_none_or(|values| values.len() >= usize::try_from(rule.as_u64().unwrap()).unwrap())
        }
        "uniqueItems" => value.as_array().is_none_or(|values| {
            values.iter().enumerate().all(|(place, value)| values.iter().skip(place + 1).all(|other| other != value))
        }),
        "items" => value.as_array().is_none_or(|values| values.iter().all(|value| accepts(rule, value))),
        "required" => members(value)
            .is_none_or(|members| items(rule).iter().all(|name| members.contains_key(name.as_str().unwrap()))),
        "properties" => members(value).is_none_or(|members| {
            let rules = rule.as_object().unwrap();
            members.iter().all(|(name, value)| rules.get(name).is_none_or(|rule| accepts(rule, value)))
        }),
        "additionalProperties" => members(value).is_none_or(|members| {
            let known = schema.get("properties").and_then(Value::as_object);
            let more = members.iter().filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)));
            more.into_iter().all(|(_, value)| accepts(rule, value))
        }),
        "propertyNames" => {
            members(value).is_none_or(|members| members.keys().all(|name| accepts(rule, &Value::String(name.clone()))))
        }
        unknown => panic!("the keyword `{unknown}` is not known here"),
    }
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("the type `{unknown}` is not known here"),
    }
}

fn items(rule: &Value) -> &[Value] {
    rule.as_array().unwrap()
}

fn members(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object()
}

#[test]
fn keywords_hold_where_they_should() {
    use serde_json::json;
    let schema = json!({
        "type": ["object", "null"], "required": ["a"], "additionalProperties": { "type": "number" },
        "propertyNames": { "pattern": "^[a-z]$" },
        "properties": { "a": { "type": "array", "items": { "anyOf": [{ "const": 1 }, { "enum": ["x"] }] } } },
    });
    for sound in [json!(null), json!({ "a": [] }), json!({ "a": [1, "x"], "b": 2 })] {
        assert!(accepts(&schema, &sound), "{sound}");
    }
    for unsound in [json!([]), json!({}), json!({ "a": [2] }), json!({ "a": [], "b": "" }), json!({ "a": [], "bb": 1 })]
    {
        assert!(!accepts(&schema, &unsound), "{unsound}");
    }
}

//! `kv` and `outbound`: what handlers may use beside their event. The project's hold for its triggers, unless a trigger says
//! otherwise.

use http::Method;

use super::fields::{Fields, Reader};
use super::tree::Node;
use super::{At, keys};
use crate::egress::{Network, Rule, Scheme};
use crate::event::EventType;
use crate::trigger::Grants;

impl Reader<'_> {
    /// What `fields` grant, and the rules that they write; what they do not speak of is as in `otherwise`.
    pub(super) fn grants(&mut self, fields: &Fields<'_>, otherwise: &Grants) -> (Grants, Vec<At<Rule>>) {
        let kv = self.flag(fields.get("kv"), "kv").unwrap_or(otherwise.kv);
        let Some(node) = fields.get("outbound") else {
            return (Grants { kv, outbound: otherwise.outbound.clone() }, Vec::new());
        };
        let mut rules = Vec::new();
        for item in self.items(Some(node), "outbound") {
            rules.extend(self.rule(item).map(|value| At { value, span: item.span }));
        }
        let outbound = rules.iter().map(|rule| rule.value.clone()).collect();
        (Grants { kv, outbound }, rules)
    }

    /// One of `outbound`: a URL, or a mapping with more of it.
    fn rule(&mut self, node: &Node) -> Option<Rule> {
        if node.scalar().is_some() {
            return self.url(node, "outbound");
        }
        let fields = self.fields(node, &keys::OUTBOUND)?;
        let url = self.required(&fields, "url", "the rule", "url: https://api.example.com");
        let rule = url.and_then(|url| self.url(url, "url"));
        let methods = self.methods(fields.get("method"));
        let networks = self.networks(fields.get("addresses"));
        Some(rule?.with_methods(methods).with_networks(networks))
    }

    fn url(&mut self, node: &Node, key: &str) -> Option<Rule> {
        let text = self.text(Some(node), key)?;
        match Rule::parse(&text) {
            Ok(rule) => Some(rule),
            Err(mistake) => {
                let message = format!("`{}` {}", text.value, mistake.message);
                self.inside(&text, mistake.at, message, Some(mistake.help));
                None
            }
        }
    }

    fn methods(&mut self, node: Option<&Node>) -> Vec<Method> {
        let Some(node) = node else { return Vec::new() };
        let before = self.mistakes();
        let items = self.items(Some(node), "method");
        if items.is_empty() && self.mistakes() == before {
            self.error(node.span, "`method` names no method", "leave it out to take them all".to_owned());
        }
        items.iter().filter_map(|item| self.method(item)).collect()
    }

    fn method(&mut self, node: &Node) -> Option<Method> {
        let text = self.text(Some(node), "method")?;
        let known = EventType::parse(text.trim());
        let help = match &known {
            Ok(_) => String::new(),
            Err(unknown) => match &unknown.suggestion {
                Some(method) => format!("did you mean `{}`?", method.to_ascii_uppercase()),
                None => "write a method as HTTP has it: `GET`, `POST`".to_owned(),
            },
        };
        let method =
            known.ok().and_then(|kind| Method::from_bytes(kind.to_string().to_ascii_uppercase().as_bytes()).ok());
        if method.is_none() {
            self.error(text.span, format!("there is no method `{}`", text.value), help);
        }
        method
    }

    fn networks(&mut self, node: Option<&Node>) -> Vec<Network> {
        let mut networks = Vec::new();
        for item in self.items(node, "addresses") {
            let Some(text) = self.text(Some(item), "addresses") else { continue };
            match text.parse() {
                Ok(network) => networks.push(network),
                Err(message) => self.error(text.span, message, None),
            }
        }
        networks
    }

    /// Who may see a var's value; none when handlers may.
    pub(super) fn hosts(&mut self, fields: &Fields<'_>, secret: Option<bool>) -> Option<Vec<At<Rule>>> {
        let node = fields.get("hosts")?;
        let before = self.mistakes();
        let mut hosts = Vec::new();
        for item in self.items(Some(node), "hosts") {
            let Some(rule) = self.url(item, "hosts") else { continue };
            if rule.scheme() == Scheme::Http && !rule.is_exact() {
                let help = "write `https://`, or name the one host that may have it in clear".to_owned();
                self.error(item.span, format!("`{rule}` would send the secret to many hosts in clear"), help);
            }
            hosts.push(At { value: rule, span: item.span });
        }
        let span = fields.key("hosts").unwrap_or(fields.start);
        if hosts.is_empty() && self.mistakes() == before {
            let help = "name one, as in `hosts: [https://api.github.com]`, or remove it: then handlers see the value";
            self.error(span, "`hosts` names no host", help.to_owned());
        }
        if secret == Some(false) {
            self.error(span, "`hosts` is for secrets alone", "add `secret: true`".to_owned());
        }
        Some(hosts)
    }
}

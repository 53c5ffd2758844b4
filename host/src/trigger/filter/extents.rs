//! Where in the expression each part of its tree stands, from its first byte to its last. The parser keeps one token of
//! each: the operator of `a + b`, the dot of `a.b`, the parenthesis of a call.

use std::ops::Range;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, SourceInfo};

use super::functions::NAMESPACES;
use super::parse::for_each_child;

/// The bytes of each node, by its id. What the rewriting adds has none.
#[derive(Clone, Debug, Default)]
pub(super) struct Extents(Box<[Range<u32>]>);

impl Extents {
    /// Finds the parts of a tree whose depth is within bounds, before it is rewritten.
    pub(super) fn of(source: &str, tree: &IdedExpr, info: &SourceInfo) -> Self {
        let mut find = Find { info, source, tokens: tokens(source), found: Vec::new() };
        find.visit(tree);
        Self(find.found.into_boxed_slice())
    }

    /// The bytes of a node; none for one that nobody wrote.
    pub(super) fn get(&self, node: &IdedExpr) -> Option<Range<usize>> {
        let extent = self.0.get(usize::try_from(node.id).ok()?)?;
        (extent.start < extent.end).then_some(extent.start as usize..extent.end as usize)
    }
}

struct Find<'t> {
    info: &'t SourceInfo,
    source: &'t str,
    tokens: Vec<Token>,
    found: Vec<Range<u32>>,
}

impl Find<'_> {
    fn visit(&mut self, node: &IdedExpr) -> Option<Range<usize>> {
        let mut children = Vec::new();
        for_each_child(node, |child| children.push(child));
        let mut extent = self.own(node);
        for child in children {
            extent = union(extent, self.visit(child));
        }
        let extent = self.balance(extent?);
        let (Ok(id), Ok(start), Ok(end)) =
            (usize::try_from(node.id), u32::try_from(extent.start), u32::try_from(extent.end))
        else {
            return Some(extent);
        };
        if self.found.len() <= id {
            self.found.resize(id + 1, 0..0);
        }
        if let Some(kept) = self.found.get_mut(id) {
            *kept = start..end;
        }
        Some(extent)
    }

    /// The node's token, and what belongs to it: a bracket's partner, a function's name, the field after a dot.
    fn own(&self, node: &IdedExpr) -> Option<Range<usize>> {
        let (start, last) = self.info.offset_for(node.id)?;
        let (start, last) = (start as usize, last as usize);
        let last_char = self.source.get(last..)?.chars().next().map_or(0, char::len_utf8);
        let own = start..(last + last_char).max(start);
        let Ok(place) = self.tokens.binary_search_by_key(&own.start, |token| token.range.start) else {
            return Some(own);
        };
        let token = self.tokens.get(place)?;
        let beside = match token.kind {
            Kind::Open if self.text(token) == "(" => self.function_name(place),
            Kind::Dot => self.tokens.get(place + 1).map(|name| name.range.clone()),
            // The sign of a number is part of it.
            _ if is_negative(node) => self.before(place, 1).map(|sign| sign.range.clone()),
            Kind::Open | Kind::Close | Kind::Word | Kind::Other => None,
        };
        union(Some(own), beside)
    }

    /// The name before a call's parenthesis, with its namespace: that of a macro is no part of the tree.
    fn function_name(&self, place: usize) -> Option<Range<usize>> {
        let name = self.before(place, 1).filter(|name| name.kind == Kind::Word)?;
        let dot = self.before(place, 2).filter(|dot| dot.kind == Kind::Dot);
        let namespace = dot.and_then(|_| self.before(place, 3)).filter(|word| NAMESPACES.contains(&self.text(word)));
        Some(namespace.unwrap_or(name).range.start..name.range.end)
    }

    fn before(&self, place: usize, by: usize) -> Option<&Token> {
        self.tokens.get(place.checked_sub(by)?)
    }

    fn text(&self, token: &Token) -> &str {
        self.source.get(token.range.clone()).unwrap_or_default()
    }

    /// With the other bracket of each one that stands within.
    fn balance(&self, mut extent: Range<usize>) -> Range<usize> {
        loop {
            let first = self.tokens.partition_point(|token| token.range.start < extent.start);
            let within = self.tokens.iter().skip(first).take_while(|token| token.range.start < extent.end);
            let partners = within.filter_map(|token| self.tokens.get(token.partner?)).map(|other| other.range.clone());
            let wider = partners.fold(extent.clone(), |all, other| all.start.min(other.start)..all.end.max(other.end));
            if wider == extent {
                return extent;
            }
            extent = wider;
        }
    }
}

fn union(one: Option<Range<usize>>, other: Option<Range<usize>>) -> Option<Range<usize>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.start.min(other.start)..one.end.max(other.end)),
        (one, other) => one.or(other),
    }
}

fn is_negative(node: &IdedExpr) -> bool {
    match &node.expr {
        Expr::Literal(LiteralValue::Int(number)) => *number.inner() < 0,
        Expr::Literal(LiteralValue::Double(number)) => number.inner().is_sign_negative(),
        _ => false,
    }
}

/// A token as far as brackets and names are concerned.
#[derive(Debug)]
struct Token {
    range: Range<usize>,
    kind: Kind,
    /// The place of a bracket's other one.
    partner: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Dot,
    Word,
    Other,
}

fn tokens(source: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, len) = token(rest);
        let range = at..at + len;
        at = range.end;
        let Some(kind) = kind else { continue };
        let place = tokens.len();
        let mut partner = None;
        match kind {
            Kind::Open => open.push(place),
            Kind::Close => partner = open.pop(),
            Kind::Dot | Kind::Word | Kind::Other => {}
        }
        if let Some(other) = partner.and_then(|other| tokens.get_mut(other)) {
            other.partner = Some(place);
        }
        tokens.push(Token { range, kind, partner });
    }
    tokens
}

/// What `rest` begins with, and how many bytes it has; no kind for white space and comments.
fn token(rest: &str) -> (Option<Kind>, usize) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let Some(first) = rest.chars().next() else { return (None, 0) };
    if first.is_whitespace() {
        return (None, first.len_utf8());
    }
    if rest.starts_with("//") {
        return (None, rest.find('\n').unwrap_or(rest.len()));
    }
    let word_len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let (word, after) = rest.split_at(word_len);
    if let Some(quote @ ('"' | '\'')) = after.chars().next()
        && word.len() <= 2
        && word.chars().all(|c| "rRbB".contains(c))
    {
        return (Some(Kind::Other), word_len + text_len(after, quote, word.contains(['r', 'R'])));
    }
    if first == '`' {
        let end = rest.get(1..).and_then(|rest| rest.find('`')).map_or(rest.len(), |end| end + 2);
        return (Some(Kind::Word), end);
    }
    match first {
        '(' | '[' | '{' => (Some(Kind::Open), 1),
        ')' | ']' | '}' => (Some(Kind::Close), 1),
        '.' => (Some(Kind::Dot), 1),
        _ if word_len > 0 => (Some(Kind::Word), word_len),
        _ => (Some(Kind::Other), first.len_utf8()),
    }
}

/// The bytes of a string that begins with `quote`, with its quotes.
fn text_len(text: &str, quote: char, is_raw: bool) -> usize {
    let triple = quote.to_string().repeat(3);
    let end = if text.starts_with(&triple) { triple.as_str() } else { text.get(..1).unwrap_or_default() };
    let mut at = end.len();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(end) {
            return at + end.len();
        }
        let mut chars = rest.chars();
        at += chars.next().map_or(0, char::len_utf8);
        if !is_raw && rest.starts_with('\\') {
            at += chars.next().map_or(0, char::len_utf8);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::parse;
    use super::*;

    /// The text of every part that somebody wrote, each once, the outermost first.
    fn parts(source: &str) -> String {
        let (tree, info) = parse::parse(source).unwrap();
        let extents = Extents::of(source, &tree, &info);
        let mut texts = Vec::new();
        let mut pending = vec![&tree];
        while let Some(node) = pending.pop() {
            let text = extents.get(node).map(|extent| source[extent].to_owned());
            texts.extend(text.filter(|text| !texts.contains(text)));
            for_each_child(node, |child| pending.push(child));
        }
        texts.join("\n")
    }

    #[test]
    fn a_part_is_as_it_was_written() {
        assert_snapshot!(parts(r#"(data.method == 'é)"' || !(1 + -2 < 3)) && data . headers["a)"].size() == 0"#), @r#"
        (data.method == 'é)"' || !(1 + -2 < 3)) && data . headers["a)"].size() == 0
        data . headers["a)"].size() == 0
        0
        data . headers["a)"].size()
        data . headers["a)"]
        "a)"
        data . headers
        data
        data.method == 'é)"' || !(1 + -2 < 3)
        !(1 + -2 < 3)
        1 + -2 < 3
        3
        1 + -2
        -2
        1
        data.method == 'é)"'
        'é)"'
        data.method
        "#);
        assert_snapshot!(parts("// (\nhas(data.url.query.a) ? [1, {'b': 2u}].exists(x, x == r'\\') : math.greatest(1, 2) > 1"), @r"
        has(data.url.query.a) ? [1, {'b': 2u}].exists(x, x == r'\') : math.greatest(1, 2) > 1
        math.greatest(1, 2) > 1
        1
        math.greatest(1, 2)
        2
        [1, {'b': 2u}].exists(x, x == r'\')
        exists(x, x == r'\')
        x == r'\'
        r'\'
        x
        [1, {'b': 2u}]
        {'b': 2u}
        2u
        'b'
        has(data.url.query.a)
        data.url.query
        data.url
        data
        ");
        assert_snapshot!(parts("cel.bind(a, b'''x'y''', size(a) in [(-1)])"), @"
        cel.bind(a, b'''x'y''', size(a) in [(-1)])
        size(a) in [(-1)]
        [(-1)]
        -1
        size(a)
        a
        b'''x'y'''
        ");
    }
}

//! RE2's regular expressions in the syntax of the regex crate. The two are alike, and where they are not the crate
//! often takes the same text for something else: `\<` is a letter in RE2 and the start of a word here, and `[a&&b]` a
//! class of two letters there and an intersection here. So a class is read in full and written anew.

use std::iter::Peekable;
use std::str::Chars;

/// The same expression for the regex crate, which finds most mistakes. Errors are in words.
pub(super) fn translate(source: &str) -> Result<String, String> {
    let mut translation = Translation { rest: source.chars().peekable(), out: String::with_capacity(source.len()) };
    translation.expression()?;
    Ok(translation.out)
}

struct Translation<'s> {
    rest: Peekable<Chars<'s>>,
    out: String,
}

impl Translation<'_> {
    fn expression(&mut self) -> Result<(), String> {
        while let Some(c) = self.rest.next() {
            match c {
                '[' => self.class()?,
                '\\' => self.escape()?,
                '{' => match self.repetition() {
                    Some(repetition) => self.out.push_str(&repetition),
                    None => self.literal('{'),
                },
                '}' | ']' => self.literal(c),
                other => self.out.push(other),
            }
        }
        Ok(())
    }

    fn literal(&mut self, c: char) {
        self.out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    /// What follows a brace, if it is `n}`, `n,}` or `n,m}`: any other brace is a letter.
    fn repetition(&mut self) -> Option<String> {
        let mut ahead = self.rest.clone();
        let mut repetition = "{".to_owned();
        loop {
            let c = ahead.next()?;
            repetition.push(c);
            match c {
                '0'..='9' => {}
                ',' if repetition.len() > 2 && repetition.matches(',').count() == 1 => {}
                '}' if repetition.len() > 2 => break,
                _ => return None,
            }
        }
        self.rest = ahead;
        Some(repetition)
    }

    /// What follows a backslash outside a class.
    fn escape(&mut self) -> Result<(), String> {
        match self.rest.peek().copied() {
            Some('A' | 'z') => {
                self.out.push('\\');
                self.out.extend(self.rest.next());
            }
            Some(c @ ('b' | 'B')) => {
                self.rest.next();
                self.out.push_str(if c == 'b' { r"(?-u:\b)" } else { r"(?-u:\B)" });
            }
            Some('Q') => {
                self.rest.next();
                self.quoted();
            }
            _ if self.shorthand()? => {}
            _ => {
                let c = self.escaped()?;
                self.literal(c);
            }
        }
        Ok(())
    }

    /// Letters up to `\E`.
    fn quoted(&mut self) {
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.rest.peek() == Some(&'E') {
                self.rest.next();
                return;
            }
            self.literal(c);
        }
    }

    /// `\d`, `\pL` and their like, which RE2 takes for ASCII but those of a Unicode property.
    fn shorthand(&mut self) -> Result<bool, String> {
        let class = match self.rest.peek() {
            Some('d') => "[0-9]",
            Some('D') => "[^0-9]",
            Some('w') => "[0-9A-Za-z_]",
            Some('W') => "[^0-9A-Za-z_]",
            Some('s') => r"[\t\n\f\r ]",
            Some('S') => r"[^\t\n\f\r ]",
            Some('p' | 'P') => {
                self.property()?;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        self.rest.next();
        self.out.push_str(class);
        Ok(true)
    }

    /// `pL`, `p{Greek}` and `p{^Greek}`.
    fn property(&mut self) -> Result<(), String> {
        let mut is_negated = self.rest.next() == Some('P');
        let mut name = String::new();
        match self.rest.next() {
            Some('{') => loop {
                match self.rest.next() {
                    Some('}') => break,
                    Some('^') if name.is_empty() => is_negated = !is_negated,
                    Some(c) => name.push(c),
                    None => return Err("unclosed name of a character class".to_owned()),
                }
            },
            Some(letter) => name.push(letter),
            None => return Err("a character class without a name".to_owned()),
        }
        self.out.push_str(if is_negated { r"\P{" } else { r"\p{" });
        self.out.push_str(&name);
        self.out.push('}');
        Ok(())
    }

    /// The letter that an escape stands for.
    fn escaped(&mut self) -> Result<char, String> {
        let Some(c) = self.rest.next() else { return Err("a backslash at the end".to_owned()) };
        match c {
            'a' => Ok('\x07'),
            'f' => Ok('\x0c'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\x0b'),
            '0' => Ok(self.octal(0)),
            '1'..='7' if matches!(self.rest.peek(), Some('0'..='7')) => Ok(self.octal(c.to_digit(8).unwrap_or(0))),
            '1'..='9' => Err("backreferences are not supported".to_owned()),
            'x' => self.hexadecimal(),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(c),
            other => Err(format!("unrecognized escape sequence '\\{other}'")),
        }
    }

    fn octal(&mut self, first: u32) -> char {
        let mut code = first;
        for _ in 0..2 {
            let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(8)) else { break };
            self.rest.next();
            code = code * 8 + digit;
        }
        char::from_u32(code).unwrap_or_default()
    }

    /// `xff` or `x{10ffff}`.
    fn hexadecimal(&mut self) -> Result<char, String> {
        let digits: String = if self.rest.next_if_eq(&'{').is_some() {
            self.rest.by_ref().take_while(|c| *c != '}').collect()
        } else {
            self.rest.by_ref().take(2).collect()
        };
        let is_number = digits.chars().all(|c| c.is_ascii_hexdigit());
        let code = u32::from_str_radix(&digits, 16).ok().filter(|_| is_number);
        code.and_then(char::from_u32).ok_or_else(|| format!("'\\x{digits}' is no hexadecimal number of a character"))
    }

    /// What follows an opening bracket, the closing one included.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            let Some(&c) = self.rest.peek() else { return Err("unclosed character class".to_owned()) };
            match c {
                ']' if !is_first => {
                    self.rest.next();
                    self.out.push(']');
                    return Ok(());
                }
                '[' if self.named_class() => {}
                _ => self.class_item()?,
            }
            is_first = false;
        }
    }

    /// `[:alpha:]`, if that is what follows: any other bracket in a class is a letter.
    fn named_class(&mut self) -> bool {
        let mut ahead = self.rest.clone();
        let mut name = String::from_iter([ahead.next(), ahead.next()].into_iter().flatten());
        if name != "[:" {
            return false;
        }
        while let Some(c) = ahead.next_if(|c| c.is_ascii_alphabetic() || *c == '^') {
            name.push(c);
        }
        if (ahead.next(), ahead.next()) != (Some(':'), Some(']')) {
            return false;
        }
        self.out.push_str(&name);
        self.out.push_str(":]");
        self.rest = ahead;
        true
    }

    /// A letter, a range of letters, or a class with a letter for a name.
    fn class_item(&mut self) -> Result<(), String> {
        if self.rest.peek() == Some(&'\\') {
            let mut ahead = self.rest.clone();
            ahead.next();
            if matches!(ahead.peek(), Some('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'p' | 'P')) {
                self.rest = ahead;
                return self.shorthand().map(drop);
            }
        }
        let first = self.class_letter()?;
        self.literal(first);
        let mut ahead = self.rest.clone();
        if ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']') {
            self.rest = ahead;
            let last = self.class_letter()?;
            self.out.push('-');
            self.literal(last);
        }
        Ok(())
    }

    fn class_letter(&mut self) -> Result<char, String> {
        match self.rest.next() {
            Some('\\') => self.escaped(),
            Some(c) => Ok(c),
            None => Err("unclosed character class".to_owned()),
        }
    }
}

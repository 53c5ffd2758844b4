//! From a filter to the parts of it that decided.

use cel::ExecutionError;
use cel::common::ast::operators::{CONDITIONAL, EQUALS, IN, INDEX, LOGICAL_AND, LOGICAL_NOT, LOGICAL_OR};
use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr};
use cel::common::types::CelBool;
use cel::common::value::{CowVal, Val};
use cel::{Context, Value};

use super::secrets::is_secret_name;
use super::tree::{
    bodies, container, flatten, is_arithmetic, is_binding, is_comparison, is_constant, is_path, keys, literal_text,
    mention, parts, quantifier, written,
};
use super::{Outcome, Told, notes};
use crate::trigger::filter::budget::Meter;
use crate::trigger::filter::compare::EQUALS as EQUALS_METERED;
use crate::trigger::filter::parse::for_each_child;

/// What a sub-expression gave; none when the budget is spent.
type Given<'e, 'v> = Option<Result<CowVal<'e, 'v>, ExecutionError>>;

pub(super) struct Walk<'w, 'f> {
    meter: &'w Meter,
    told: &'w mut Told<'f>,
    /// Variables of macros that hold a secret.
    secret_names: Vec<String>,
    /// Whether what is looked at is compared with a secret.
    beside_secret: bool,
    depth: usize,
}

/// So many parts within each other are looked at. What explains is deeper than what judges, on the same stack, and of parts
/// that are deeper nobody would read.
const MAX_DEPTH: usize = 24;

impl<'w, 'f> Walk<'w, 'f> {
    pub(super) fn new(meter: &'w Meter, told: &'w mut Told<'f>) -> Self {
        Self { meter, told, secret_names: Vec::new(), beside_secret: false, depth: 0 }
    }

    /// Why a condition is what it is.
    pub(super) fn why(&mut self, node: &IdedExpr, scope: &Context<'_, '_>) {
        self.deeper(|walk| walk.condition(node, scope));
    }

    /// Looks at a part of a part, unless it is too deep within others.
    fn deeper(&mut self, look: impl FnOnce(&mut Self)) {
        if self.depth == MAX_DEPTH {
            self.told.is_cut = true;
            return;
        }
        self.depth += 1;
        look(self);
        self.depth -= 1;
    }

    fn condition(&mut self, node: &IdedExpr, scope: &Context<'_, '_>) {
        match &written(node).expr {
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (LOGICAL_AND | LOGICAL_OR, _) => self.junction(node, &call.func_name, scope),
                (LOGICAL_NOT, [operand]) => self.why(operand, scope),
                (CONDITIONAL, [condition, yes, no]) => self.choice(condition, yes, no, scope),
                (name, [left, right, ..]) if is_comparison(name) => self.comparison(node, name, left, right, scope),
                _ => self.value(node, scope),
            },
            Expr::Comprehension(fold) => self.fold(node, fold, scope),
            _ => self.value(node, scope),
        }
    }

    /// `a && b && c`: the first that is false has decided; else those that failed; else all of them.
    fn junction(&mut self, node: &IdedExpr, operator: &str, scope: &Context<'_, '_>) {
        let mut operands = Vec::new();
        flatten(node, operator, &mut operands);
        let (mut failed, mut others) = (Vec::new(), Vec::new());
        for operand in operands {
            let Some(given) = self.evaluate(operand, scope) else { return };
            match given.as_ref().ok().and_then(|value| truth(value.as_ref())) {
                Some(answer) if answer == (operator == LOGICAL_OR) => return self.why(operand, scope),
                Some(_) => others.push(operand),
                None => failed.push(operand),
            }
        }
        let deciding = if failed.is_empty() { others } else { failed };
        for operand in deciding {
            self.why(operand, scope);
        }
    }

    fn choice(&mut self, condition: &IdedExpr, yes: &IdedExpr, no: &IdedExpr, scope: &Context<'_, '_>) {
        self.why(condition, scope);
        let Some(Ok(given)) = self.evaluate(condition, scope) else { return };
        match truth(given.as_ref()) {
            Some(true) => self.why(yes, scope),
            Some(false) => self.why(no, scope),
            None => {}
        }
    }

    fn comparison(
        &mut self,
        node: &IdedExpr,
        operator: &str,
        left: &IdedExpr,
        right: &IdedExpr,
        scope: &Context<'_, '_>,
    ) {
        let was_beside = self.beside_secret;
        self.beside_secret |= self.is_secret(left) || self.is_secret(right);
        let given = (self.evaluate(left, scope), self.evaluate(right, scope));
        if let (Some(Ok(left_value)), Some(Ok(right_value))) = given {
            let (mut left_note, mut right_note) = (None, None);
            match operator {
                EQUALS | EQUALS_METERED if is_constant(left) => {
                    right_note = notes::of_equality(right_value.as_ref(), left_value.as_ref());
                }
                EQUALS | EQUALS_METERED => left_note = notes::of_equality(left_value.as_ref(), right_value.as_ref()),
                IN => left_note = notes::of_membership(left_value.as_ref(), right_value.as_ref()),
                _ => {}
            }
            self.operand(left, left_value.as_ref(), left_note, scope);
            self.operand(right, right_value.as_ref(), right_note, scope);
            // An order that no values of these types have.
            if let Some(Err(error)) = self.evaluate(node, scope) {
                self.tell(node, &Outcome::Error(&error), None);
            }
        } else {
            self.operands(&[left, right], scope);
        }
        self.beside_secret = was_beside;
    }

    /// What something is that is no junction and no comparison: `x.startsWith(y)`, `data.body.json.draft`.
    fn value(&mut self, node: &IdedExpr, scope: &Context<'_, '_>) {
        match self.evaluate(node, scope) {
            Some(Ok(value)) => {
                let is_verdict = truth(value.as_ref()).is_some() && !is_path(written(node));
                if is_verdict && !parts(written(node)).is_empty() {
                    self.operands(&parts(written(node)), scope);
                } else {
                    self.operand(node, value.as_ref(), None, scope);
                }
            }
            Some(Err(error)) => self.failure(node, &error, scope),
            None => {}
        }
    }

    fn operands(&mut self, nodes: &[&IdedExpr], scope: &Context<'_, '_>) {
        let was_beside = self.beside_secret;
        self.beside_secret |= nodes.iter().any(|node| self.is_secret(node));
        for node in nodes {
            match self.evaluate(node, scope) {
                Some(Ok(value)) => self.operand(node, value.as_ref(), None, scope),
                Some(Err(error)) => self.failure(node, &error, scope),
                None => break,
            }
        }
        self.beside_secret = was_beside;
    }

    /// What an operand was, and what it was made of. Constants are there to be read.
    fn operand(&mut self, node: &IdedExpr, value: &dyn Val, note: Option<String>, scope: &Context<'_, '_>) {
        if !is_constant(node) {
            self.deeper(|walk| walk.made(node, value, note, scope));
        }
    }

    fn made(&mut self, node: &IdedExpr, value: &dyn Val, note: Option<String>, scope: &Context<'_, '_>) {
        let inner = written(node);
        match &inner.expr {
            // Its elements say more.
            Expr::List(_) | Expr::Map(_) => return self.operands(&parts(inner), scope),
            Expr::Call(call) if call.func_name == CONDITIONAL => {
                if let [condition, yes, no] = call.args.as_slice() {
                    return self.choice(condition, yes, no, scope);
                }
            }
            Expr::Comprehension(fold) if truth(value).is_some() => return self.fold(node, fold, scope),
            _ => {}
        }
        self.tell(node, &Outcome::Value(value), note);
        if is_path(inner) {
            // `data.headers[name]`: which name it was.
            for key in keys(inner) {
                self.operands(&[key], scope);
            }
            return;
        }
        match &inner.expr {
            Expr::Comprehension(fold) => self.operands(&[&fold.iter_range], scope),
            // Of `a + b + c` the sum and the three.
            Expr::Call(call) if is_arithmetic(&call.func_name) => {
                let mut terms = Vec::new();
                flatten(node, &call.func_name, &mut terms);
                self.operands(&terms, scope);
            }
            _ => self.operands(&parts(inner), scope),
        }
    }

    /// The smallest part of `node` that failed.
    fn failure(&mut self, node: &IdedExpr, error: &ExecutionError, scope: &Context<'_, '_>) {
        self.deeper(|walk| walk.failed(node, error, scope));
    }

    fn failed(&mut self, node: &IdedExpr, error: &ExecutionError, scope: &Context<'_, '_>) {
        let inner = written(node);
        match &inner.expr {
            Expr::Call(call) if [LOGICAL_AND, LOGICAL_OR, CONDITIONAL].contains(&call.func_name.as_str()) => {
                return self.why(node, scope);
            }
            Expr::Comprehension(fold) => return self.fold(node, fold, scope),
            _ => {}
        }
        let parts = parts(inner);
        for part in &parts {
            match self.evaluate(part, scope) {
                Some(Err(error)) => return self.failure(part, &error, scope),
                Some(Ok(_)) => {}
                None => return,
            }
        }
        let note = match (error, container(inner)) {
            (ExecutionError::NoSuchKey(key), Some(container)) => match self.evaluate(container, scope) {
                Some(Ok(container)) => notes::of_missing_key(key, container.as_ref()),
                _ => None,
            },
            _ => None,
        };
        self.tell(node, &Outcome::Error(error), note);
        // A key that is missing is named already; what else an operation does not take, its operands show.
        match (error, &inner.expr) {
            (ExecutionError::NoSuchKey(_), _) => keys(inner).into_iter().for_each(|key| self.operands(&[key], scope)),
            _ => self.operands(&parts, scope),
        }
    }

    fn fold(&mut self, node: &IdedExpr, fold: &ComprehensionExpr, scope: &Context<'_, '_>) {
        if is_binding(fold) {
            return self.binding(fold, scope);
        }
        let Some(range) = self.evaluate(&fold.iter_range, scope) else { return };
        let range = match range {
            Ok(range) => range,
            Err(error) => return self.failure(&fold.iter_range, &error, scope),
        };
        let secrets = self.secret_names.len();
        if self.is_secret(&fold.iter_range) {
            self.secret_names.push(fold.iter_var.clone());
        }
        if !self.element(fold, range.as_ref(), scope) {
            // Every element has decided, or how many there are.
            self.operand(&fold.iter_range, range.as_ref(), None, scope);
            if let Some(Err(error)) = self.evaluate(node, scope)
                && range.as_iterable().is_none()
            {
                self.tell(node, &Outcome::Error(&error), None);
            }
        }
        self.secret_names.truncate(secrets);
    }

    /// Tells of the element that decided; false when there is none.
    fn element(&mut self, fold: &ComprehensionExpr, range: &dyn Val, scope: &Context<'_, '_>) -> bool {
        let Some(mut items) = range.as_iterable().map(|range| range.iter()) else { return false };
        let bodies = bodies(&fold.loop_step, &fold.accu_var);
        let (mut failing, mut count, mut last) = (None, 0_usize, None);
        while let Some(item) = items.next() {
            let mut inner = scope.new_inner_scope();
            inner.add_variable_as_val(&fold.iter_var, item.clone_as_boxed());
            count += 1;
            for body in &bodies {
                let Some(given) = self.evaluate(body, &inner) else { return true };
                let answer = given.as_ref().ok().and_then(|value| truth(value.as_ref()));
                if given.is_err() && failing.is_none() {
                    failing = Some(item.clone_as_boxed());
                }
                // `all` ends at the first false, `exists` at the first true.
                if answer.is_some() && answer == quantifier(fold) {
                    return self.decided(fold, &bodies, item.clone_as_boxed(), scope);
                }
                // What `filter` and `map` leave out is not looked at any further.
                if answer == Some(false) {
                    break;
                }
            }
            last = Some(item.clone_as_boxed());
        }
        match failing.or(last.filter(|_| count == 1 && quantifier(fold).is_some())) {
            Some(item) => self.decided(fold, &bodies, item, scope),
            None => false,
        }
    }

    fn decided<'v>(
        &mut self,
        fold: &ComprehensionExpr,
        bodies: &[&IdedExpr],
        item: Box<dyn Val + 'v>,
        scope: &Context<'_, 'v>,
    ) -> bool {
        let variable = bodies.iter().find_map(|body| mention(body, &fold.iter_var));
        if let Some(variable) = variable {
            self.tell(variable, &Outcome::Value(item.as_ref()), None);
        }
        let mut inner = scope.new_inner_scope();
        inner.add_variable_as_val(&fold.iter_var, item);
        for body in bodies {
            self.why(body, &inner);
        }
        true
    }

    /// `cel.bind(name, value, expression)`.
    fn binding(&mut self, fold: &ComprehensionExpr, scope: &Context<'_, '_>) {
        let value = match self.evaluate(&fold.accu_init, scope) {
            Some(Ok(value)) => value,
            Some(Err(error)) => return self.failure(&fold.accu_init, &error, scope),
            None => return,
        };
        let secrets = self.secret_names.len();
        if self.is_secret(&fold.accu_init) {
            self.secret_names.push(fold.accu_var.clone());
        }
        let mut inner = scope.new_inner_scope();
        inner.add_variable_as_val(&fold.accu_var, value.into_owned());
        self.why(&fold.result, &inner);
        self.secret_names.truncate(secrets);
    }

    fn tell(&mut self, node: &IdedExpr, outcome: &Outcome<'_>, note: Option<String>) {
        let is_hidden = self.beside_secret || self.is_secret(node);
        self.told.part(written(node), outcome, is_hidden, note);
    }

    fn evaluate<'e, 'v>(&mut self, node: &'e IdedExpr, scope: &'e Context<'_, 'v>) -> Given<'e, 'v> {
        let given = self.meter.tick().map(|()| Value::resolve_val(node, scope));
        match given {
            Ok(given) if !self.meter.is_exceeded() => Some(given),
            _ => {
                self.told.is_cut = true;
                None
            }
        }
    }

    /// Whether it reads what opens doors.
    fn is_secret(&self, node: &IdedExpr) -> bool {
        let of_name = match &node.expr {
            Expr::Select(select) => is_secret_name(&select.field),
            Expr::Ident(name) => self.secret_names.contains(name),
            Expr::Call(call) if call.func_name == INDEX => {
                matches!(call.args.as_slice(), [_, key] if literal_text(key).is_some_and(is_secret_name))
            }
            _ => false,
        };
        let mut found = of_name;
        for_each_child(node, |child| found = found || self.is_secret(child));
        found
    }
}

fn truth(value: &dyn Val) -> Option<bool> {
    value.downcast_ref::<CelBool>().map(|answer| *answer.inner())
}

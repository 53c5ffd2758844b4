//! `vars`: the project's variables and secrets.

use super::State;
use crate::guest::bindings::vars;

impl vars::Host for State {
    fn get(&mut self, name: String) -> Option<String> {
        self.calls.vars += 1;
        self.job.vars.0.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone())
    }

    fn names(&mut self) -> Vec<String> {
        self.calls.vars += 1;
        self.job.vars.0.iter().map(|(name, _)| name.clone()).collect()
    }
}

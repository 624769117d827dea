//! What a step will do, and how many steps do it.

use std::fmt;

/// What a step will do to the world.
///
/// Without having looked at the world a plan knows only `read`, `ensure`, `mint`, `hand-over` and
/// `delete`; the others say what `ensure` and `mint` come to once the world was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Looks and changes nothing.
    Read,
    /// Makes the world so, whether or not it already is.
    Ensure,
    /// Makes something new, such as a secret.
    Mint,
    /// Makes what is not there.
    Create,
    /// Takes over what somebody else made.
    Adopt,
    /// Changes what is there.
    Update,
    /// Removes what is there and makes it anew.
    Replace,
    /// Removes what is there.
    Delete,
    /// Gives the connection to its destination.
    HandOver,
    /// Finds the world as wanted.
    NoOp,
}

impl Action {
    /// All of them, in the order they are counted.
    pub const ALL: [Self; 10] = [
        Self::Read,
        Self::Ensure,
        Self::Mint,
        Self::Create,
        Self::Adopt,
        Self::Update,
        Self::Replace,
        Self::Delete,
        Self::HandOver,
        Self::NoOp,
    ];

    /// The word plans use for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ensure => "ensure",
            Self::Mint => "mint",
            Self::Create => "create",
            Self::Adopt => "adopt",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::HandOver => "hand-over",
            Self::NoOp => "no-op",
        }
    }

    /// The action a word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// Whether the world, or who answers for it, is different afterwards.
    #[must_use]
    pub const fn changes(self) -> bool {
        !matches!(self, Self::Read | Self::NoOp)
    }

    /// One character that stands for it where space is short.
    #[must_use]
    pub const fn symbol(self) -> char {
        match self {
            Self::Read => '?',
            Self::Ensure => '=',
            Self::Mint => '!',
            Self::Create => '+',
            Self::Adopt => '&',
            Self::Update => '~',
            Self::Replace => '±',
            Self::Delete => '-',
            Self::HandOver => '>',
            Self::NoOp => '·',
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many steps do what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([usize; Action::ALL.len()]);

impl Counts {
    /// How many steps do `action`.
    #[must_use]
    pub fn of(&self, action: Action) -> usize {
        self.0[action as usize]
    }

    /// The actions that occur, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Action, usize)> {
        Action::ALL.into_iter().map(|action| (action, self.of(action))).filter(|(_, n)| *n > 0)
    }
}

impl FromIterator<Action> for Counts {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        let mut counts = Self::default();
        for action in actions {
            counts.0[action as usize] += 1;
        }
        counts
    }
}

/// Who carries a step out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Performer {
    /// The connector's plugin.
    Plugin,
    /// The host itself.
    Host,
}

impl Performer {
    /// The word plans use for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Host => "host",
        }
    }
}

//! The codes of what can be wrong with a plan, and what each means.

/// One code, explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `SKY-PLAN-001`
    pub code: &'static str,
    /// One line: what it means.
    pub title: &'static str,
    /// How it comes about, and what to do.
    pub text: &'static str,
}

/// The explanation of a code of this crate.
#[must_use]
pub fn explain(code: &str) -> Option<&'static Code> {
    ALL.iter().find(|known| known.code == code)
}

macro_rules! codes {
    ($($name:ident $code:literal $title:literal $text:literal)*) => {
        $(pub(crate) const $name: &str = $code;)*
        /// Every code of this crate.
        pub const ALL: &[Code] = &[$(Code { code: $code, title: $title, text: $text }),*];
    };
}

codes! {
    WORD "SKY-PLAN-001" "a part of an address is malformed"
        "Connectors, kinds and names are words of lower-case letters, digits and dashes; scopes have no blanks. A plugin whose templates or steps break this must be corrected by its author."
    TEMPLATE_INDEX "SKY-PLAN-002" "a step points at a template that does not exist"
        "The plugin's description contradicts itself: the number of a step's template is beyond the templates it listed."
    NEED_INDEX "SKY-PLAN-003" "a step needs a step that does not exist"
        "The plugin's description contradicts itself: a step's needs hold a number beyond the steps it listed."
    DUPLICATE "SKY-PLAN-004" "two steps have one address"
        "Addresses name steps in plans, journals and on the command line, so each must be unique. Steps of one template must differ in their scopes."
    INPUT "SKY-PLAN-005" "a step reads what no direct dependency puts out"
        "Each entry of a template's inputs, and each placeholder in its desired state, must be an output of a step that is needed directly: only then is the value certain to exist."
    AMBIGUOUS "SKY-PLAN-006" "a step reads an output that several dependencies have"
        "When several direct dependencies share a local name, the one with the step's own scope is meant; here none has it."
    PLACEHOLDER "SKY-PLAN-007" "a placeholder names an output that no step has"
        "Placeholders such as <application.client-id> in calls and in the hand-over must name an output that a template declares and a step of the connector has."
    TEXT "SKY-PLAN-008" "a text of a template is malformed"
        "{scope} and {name} must have a value in every step of the template; a literal brace is written {{ and a literal angle <<."
    TEMPLATE "SKY-PLAN-009" "a template is not a template"
        "The effect must be read, ensure or mint; titles, groups and throttles must not be empty; readiness must count at least one success; the kind hand-over belongs to the host."
    TOO_MANY "SKY-PLAN-010" "the plan has too many steps"
        "A plan is capped. Split the connector: several connectors with fewer subscriptions each, or one role at a management group instead of one at each subscription."
    STEP_CYCLE "SKY-PLAN-011" "steps of a connector need each other in a circle"
        "None of the steps in the circle could ever start. The shortest circle is shown; its plugin must be corrected by its author."
    CONNECTOR_CYCLE "SKY-PLAN-012" "connectors depend on each other in a circle"
        "Each connector in the circle waits for the next to be handed over. Remove one depends-on."
    UNKNOWN_CONNECTOR "SKY-PLAN-013" "depends-on names a connector that the manifest does not have"
        "Write the name as in the header of the other connector: [connectors.NAME]."
    DUPLICATE_CONNECTOR "SKY-PLAN-014" "two connectors have one name"
        "Connectors begin the addresses of their steps, so each name must be unique."
    NO_MATCH "SKY-PLAN-015" "a selector matches no step"
        "--only and --upto take an address or the beginning of one; `skybridge plan` lists the addresses."
    NOTHING_LEFT "SKY-PLAN-016" "--only and --upto have no step in common"
        "Together they select the steps that both select. Leave one of them out."
    HANDOVER "SKY-PLAN-017" "a field of the hand-over is malformed"
        "Fields have different names, which are words, and labels for people."
    MANY_PROBLEMS "SKY-PLAN-018" "there are more problems than are shown"
        "The first ones are shown; more than a few are mostly one mistake repeated."
    LATE "SKY-PLAN-019" "what is handed over is only known after the hand-over"
        "A step that runs after the hand-over, because its template says so or because it needs one that does, cannot put out what is handed over: each would wait for the other."
    LEFT_OUT "SKY-PLAN-020" "what a plugin leaves out is malformed"
        "Each thing that is left out has a scope and a reason, is told once for each reason, and has no name, code or help that is blank."
    PERMISSION "SKY-PLAN-021" "a permission is malformed"
        "Each permission has a name, a sort, a scope, why it is asked for and what does not work without it; capabilities are words."
    PLATFORM "SKY-PLAN-022" "what a plugin says for a platform is malformed"
        "Platforms are named by words, and what is said for one is a JSON object."
    ALWAYS "SKY-PLAN-023" "a step that always runs has nothing to put back, or cannot"
        "A step that always runs puts back what the steps it needs have changed. It needs at least one, mints nothing, and reads outputs, which may be missing, as inputs or as whole texts of its desired state."
}

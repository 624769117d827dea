//! `auth = "profile"`: keys in the shared credentials file, or in the configuration file.

use std::path::PathBuf;

use skybridge_aws_client::{ClientError, Credentials, Secret};

use super::{Variables, none};

/// The largest file that is read: thousands of profiles.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Keys of a profile that is something else than a pair of keys, and what that is.
const OTHERWISE: [(&str, &str); 5] = [
    ("sso_session", "signs in by single sign-on"),
    ("sso_start_url", "signs in by single sign-on"),
    ("role_arn", "becomes a role"),
    ("credential_process", "asks a program"),
    ("login_session", "signs in by browser"),
];

/// Where the two files are, the credentials first.
fn files(variables: &Variables) -> [Option<PathBuf>; 2] {
    let home = variables.get("HOME").map(PathBuf::from);
    let file = |variable: &str, name: &str| {
        let named = variables.get(variable).map(PathBuf::from);
        named.or_else(|| home.as_ref().map(|home| home.join(".aws").join(name)))
    };
    [file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), file("AWS_CONFIG_FILE", "config")]
}

/// What is missing for this way, as a sentence; nothing when it is there. A configuration file alone
/// says nothing: many have one for the region's sake.
pub(super) fn lacks(variables: &Variables) -> Option<String> {
    let [credentials, _] = files(variables);
    let there = credentials.is_some_and(|path| path.is_file());
    let named = variables.get("AWS_PROFILE").is_some();
    (!there && !named).then(|| "there is no shared credentials file".to_owned())
}

/// The keys of the profile `name`; of AWS_PROFILE, or `default`, when nothing is said.
pub(crate) fn source(
    variables: &Variables,
    name: Option<&str>,
) -> Result<Credentials, ClientError> {
    let name = name.map(str::to_owned).or_else(|| variables.get("AWS_PROFILE"));
    let name = name.unwrap_or_else(|| "default".to_owned());
    let mut pairs = Vec::new();
    for (path, prefixed) in files(variables).into_iter().zip([false, true]) {
        let Some(path) = path.filter(|path| path.is_file()) else { continue };
        let size = fs_err::metadata(&path).map_err(|error| none(error.to_string()))?.len();
        if size > FILE_BYTES_MAX {
            let shown = path.display();
            return Err(none(format!("`{shown}` has {size} bytes, too many for profiles")));
        }
        let text = fs_err::read_to_string(&path).map_err(|error| none(error.to_string()))?;
        let text = zeroize::Zeroizing::new(text);
        pairs.extend(section(&text, &name, prefixed));
    }
    let get = |key: &str| pairs.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone());
    let (id, secret) = (get("aws_access_key_id"), get("aws_secret_access_key"));
    if let (Some(id), Some(secret_access_key)) = (id, secret) {
        let access_key_id = id.expose().to_owned();
        let session_token = get("aws_session_token");
        return Ok(Credentials { access_key_id, secret_access_key, session_token, expires: None });
    }
    if let Some((_, does)) = OTHERWISE.iter().find(|(key, _)| get(key).is_some()) {
        return Err(none(format!(
            "the profile `{name}` {does}, which is the AWS CLI's to do: run `eval \"$(aws \
             configure export-credentials --profile {name} --format env)\"` and set `operator.auth` \
             to \"environment\""
        )));
    }
    let why =
        if pairs.is_empty() { "there is no profile" } else { "there are no keys in the profile" };
    Err(none(format!("{why} `{name}` in the shared credentials file")))
}

/// The pairs of the section of the profile `name`. In the configuration file, sections of profiles
/// other than `default` are called `profile NAME`.
fn section(text: &str, name: &str, prefixed: bool) -> Vec<(String, Secret)> {
    let wanted =
        if prefixed && name != "default" { format!("profile {name}") } else { name.into() };
    let mut inside = false;
    let mut pairs = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = bare.strip_prefix('[').and_then(|it| it.split(']').next()) {
            inside = header.split_whitespace().eq(wanted.split_whitespace());
        } else if inside
            && !line.starts_with([' ', '\t'])
            && let Some((key, value)) = bare.split_once('=')
        {
            pairs.push((key.trim().to_lowercase(), Secret::new(value.trim())));
        }
    }
    pairs
}

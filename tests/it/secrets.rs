//! No secret is in clear in any file, log, event, plan or command line.

use std::time::Duration;

use skybridge_tests::{SimulatorProcess, TestEnv, finish};

/// The command lines of a process, as others see them, for as long as it runs.
fn command_lines(pid: u32) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut seen = Vec::new();
        while let Ok(line) = fs_err::read(format!("/proc/{pid}/cmdline")) {
            if line.is_empty() {
                break;
            }
            seen.extend(line);
            std::thread::sleep(Duration::from_millis(50));
        }
        seen
    })
}

fn contains(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[test]
fn nothing_leaks_at_trace() {
    let env = TestEnv::new();
    let simulator =
        SimulatorProcess::start(&env, &["--record", "traffic.ndjson", "--state", "cloud"]);
    let child = env
        .command(&[
            "apply",
            "contoso.toml",
            "--simulator",
            simulator.url(),
            "--yes",
            "--log",
            "trace",
            "--events",
            "ndjson",
        ])
        .spawn()
        .unwrap();
    let lines = command_lines(child.id());
    let run = finish(child).expect(0);
    let lines = lines.join().unwrap();
    assert!(run.stderr.contains("TRACE") || run.stderr.contains("DEBUG"), "nothing was logged");

    let tenant = simulator.tenant();
    let mut secrets: Vec<String> = Vec::new();
    for application in tenant["applications"].as_array().unwrap() {
        for credential in application["passwordCredentials"].as_array().unwrap() {
            secrets.extend(credential["secretText"].as_str().map(str::to_owned));
        }
    }
    assert!(!secrets.is_empty(), "the minted secret is not to be seen: {tenant}");
    secrets.push(simulator.ready["operator"]["client-secret"].as_str().unwrap().to_owned());

    for secret in &secrets {
        assert!(!contains(run.stdout.as_bytes(), secret), "in stdout");
        assert!(!contains(run.stderr.as_bytes(), secret), "in the log or the events");
        assert!(!contains(&lines, secret), "in a command line");
        for file in env.files() {
            let bytes = fs_err::read(&file).unwrap();
            assert!(!contains(&bytes, secret), "in {}", file.display());
        }
    }
    // Access tokens are secrets too, while they last.
    assert!(!contains(run.stderr.as_bytes(), "eyJ"), "a token in the log");
    for file in env.files() {
        assert!(!contains(&fs_err::read(&file).unwrap(), "eyJ"), "a token in {}", file.display());
    }
}

#[test]
fn sealed_files_are_for_their_owner_and_age_opens_them() {
    use std::os::unix::fs::MetadataExt as _;

    let env = TestEnv::new();
    env.run(&["apply", "contoso.toml", "--simulate", "--yes"]).expect(0);
    let sealed: Vec<_> =
        env.files().into_iter().filter(|p| p.extension().is_some_and(|e| e == "age")).collect();
    assert_eq!(sealed.len(), 1, "{sealed:?}");
    assert_eq!(fs_err::metadata(&sealed[0]).unwrap().mode() & 0o777, 0o600);
    let bytes = fs_err::read(&sealed[0]).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n"), "another format");
    // The identity lies outside the state directory.
    assert!(env.path().join("home/.config/skybridge/identity.txt").exists());
}

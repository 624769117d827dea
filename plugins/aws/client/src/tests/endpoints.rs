//! Where services are.

use crate::endpoints::EndpointError;
use crate::{Endpoints, Partition, Service};

#[test]
fn each_partition_has_its_own_addresses() {
    let text = |partition: Partition| {
        let endpoints = Endpoints::of(partition, None);
        let line = |service: Service| {
            let base = endpoints.base(service, None);
            format!("{base} {}", endpoints.signing_region(service, None))
        };
        Service::ALL.map(line).join("\n")
    };
    expect_test::expect![[r#"
        https://iam.amazonaws.com us-east-1
        https://sts.us-east-1.amazonaws.com us-east-1
        https://organizations.us-east-1.amazonaws.com us-east-1
        https://ec2.us-east-1.amazonaws.com us-east-1
        https://eks.us-east-1.amazonaws.com us-east-1
        https://s3.us-east-1.amazonaws.com us-east-1"#]]
    .assert_eq(&text(Partition::Aws));
    expect_test::expect![[r#"
        https://iam.us-gov.amazonaws.com us-gov-west-1
        https://sts.us-gov-west-1.amazonaws.com us-gov-west-1
        https://organizations.us-gov-west-1.amazonaws.com us-gov-west-1
        https://ec2.us-gov-west-1.amazonaws.com us-gov-west-1
        https://eks.us-gov-west-1.amazonaws.com us-gov-west-1
        https://s3.us-gov-west-1.amazonaws.com us-gov-west-1"#]]
    .assert_eq(&text(Partition::UsGov));
    expect_test::expect![[r#"
        https://iam.cn-north-1.amazonaws.com.cn cn-north-1
        https://sts.cn-north-1.amazonaws.com.cn cn-north-1
        https://organizations.cn-northwest-1.amazonaws.com.cn cn-northwest-1
        https://ec2.cn-north-1.amazonaws.com.cn cn-north-1
        https://eks.cn-north-1.amazonaws.com.cn cn-north-1
        https://s3.cn-north-1.amazonaws.com.cn cn-north-1"#]]
    .assert_eq(&text(Partition::China));
}

#[test]
fn credentials_leave_this_machine_encrypted_or_not_at_all() {
    let with = |address: &str| Endpoints::of(Partition::Aws, None).with(Service::Iam, address);
    for good in
        ["https://iam.example.org/", "http://127.0.0.1:5000", "http://[::1]:1", "http://localhost"]
    {
        assert!(with(good).is_ok(), "{good}");
    }
    for plain in ["http://iam.example.org", "http://10.0.0.1:5000", "http://127.0.0.1.example.org"]
    {
        assert_eq!(with(plain).unwrap_err(), EndpointError::Plain(plain.into()));
    }
    for odd in
        ["ftp://127.0.0.1", "iam", "https://user:word@example.org", "https://example.org/?a=b"]
    {
        assert!(with(odd).is_err(), "{odd}");
    }
    let own = with("http://127.0.0.1:5000/").unwrap();
    assert_eq!(own.base(Service::Iam, Some("eu-west-1")), "http://127.0.0.1:5000");
    assert_eq!(own.base(Service::Ec2, Some("eu-west-1")), "https://ec2.eu-west-1.amazonaws.com");
}

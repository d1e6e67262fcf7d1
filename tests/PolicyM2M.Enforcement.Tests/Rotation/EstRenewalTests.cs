using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Enforcement.Rotation.Est;
using PolicyM2M.Testing;
using PolicyM2M.Testing.Issuing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>EST against a real server with a real authority, over real mutual TLS.</summary>
[CancelAfter(120_000)]
internal sealed class EstRenewalTests
{
    private readonly ManualTime _time = new();
    private readonly TemporaryFolder _folder = new();
    private TestIssuer _issuer = null!;
    private EstServer _server = null!;
    private string _certificate = null!, _key = null!;

    [SetUp]
    public async Task Begin()
    {
        _issuer = new TestIssuer(_time);
        _server = await EstServer.StartAsync(_issuer);
        (_certificate, _key) = _issuer.IssueDevice("plc-1", TimeSpan.FromDays(30));
    }

    [TearDown]
    public async Task End()
    {
        await _server.DisposeAsync();
        _issuer.Dispose();
    }

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public async Task A_credential_is_renewed_twice_each_time_by_the_one_before()
    {
        using CredentialRotation rotation = Rotation();
        string first = rotation.State.Serving.Fingerprint;
        for (int i = 0; i < 2; i++)
        {
            _time.Advance(TimeSpan.FromDays(20.1));
            await rotation.TurnAsync();
            await rotation.UsedAsync(rotation.State.Serving.Fingerprint);
        }
        string second = rotation.State.Unreported[0].Successor.Fingerprint;
        Assert.That(_server.Calls.Select(call => (call.Operation, call.Client)), Is.EqualTo(new[] { ("simplereenroll", first), ("cacerts", first), ("simplereenroll", second), ("cacerts", second) }));
        Assert.That(rotation.Use, Is.InstanceOf<CredentialUse.Usable>());
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(((CredentialUse.Usable)rotation.Use).Serving.CertificatePath);
        Assert.That(chain.Select(certificate => certificate.Subject), Is.EqualTo(new[] { "CN=plc-1", "CN=Test Issuer" }), "the intermediate came from /cacerts");
    }

    [TestCase("120", 120)]
    [TestCase("0", 1)]
    [TestCase("99999999", 86_400)]
    [TestCase(null, 300)]
    [TestCase("soon", 300)]
    public async Task An_issuer_that_asks_for_patience_gets_it(string? header, int seconds)
    {
        _server.Instead = (_, response) => Say(response, 202, header);
        Assert.That(await AskAsync(), Is.EqualTo(new RenewalAnswer.Accepted(TimeSpan.FromSeconds(seconds))));
    }

    [Test]
    public async Task A_moment_to_ask_again_is_understood_too()
    {
        _server.Instead = (_, response) => Say(response, 202, TimeProvider.System.GetUtcNow().AddHours(2).ToString("R"));
        Assert.That(await AskAsync(), Is.InstanceOf<RenewalAnswer.Accepted>().With.Property("RetryAfter").InRange(TimeSpan.FromHours(1.9), TimeSpan.FromHours(2)));
    }

    [TestCase(401, "the issuer does not accept the credential: 401", false)]
    [TestCase(403, "the issuer does not accept the credential: 403", false)]
    [TestCase(400, "the issuer refuses: 400", false)]
    [TestCase(404, "the issuer refuses: 404", false)]
    [TestCase(500, "the issuer refuses: 500", false)]
    [TestCase(302, "the issuer sends elsewhere", false)]
    [TestCase(204, "the issuer refuses: 204", false)]
    [TestCase(503, "the issuer is busy or away: 503", true)]
    [TestCase(429, "the issuer is busy or away: 429", true)]
    public async Task A_refusal_is_one_and_only_who_is_away_is_away(int status, string reason, bool isUnreachable)
    {
        _server.Instead = (_, response) =>
        {
            response.Headers.Location = "https://127.0.0.1:1/.well-known/est/simplereenroll";
            return Say(response, status, "60");
        };
        RenewalAnswer answer = await AskAsync();
        string said = answer is RenewalAnswer.Refused refused ? refused.Reason : ((RenewalAnswer.Unreachable)answer).Reason;
        Assert.That(said, Does.StartWith(reason));
        Assert.That(answer is RenewalAnswer.Unreachable, Is.EqualTo(isUnreachable));
        Assert.That((answer as RenewalAnswer.Unreachable)?.RetryAfter, Is.EqualTo(isUnreachable ? TimeSpan.FromMinutes(1) : (TimeSpan?)null));
    }

    [Test]
    public async Task What_a_server_says_is_made_harmless()
    {
        _server.Instead = (_, response) =>
        {
            response.StatusCode = 400;
            response.ContentType = "text/plain";
            return response.WriteAsync("no\u001b[2J\nsuch\u202edevice" + new string('x', 5_000));
        };
        Assert.That(((RenewalAnswer.Refused)await AskAsync()).Reason, Does.StartWith("the issuer refuses: 400 no [2J such devicexxx").And.Length.LessThan(300));
    }

    [TestCase("application/pkcs7-mime", "!!!!", "not in base64")]
    [TestCase("application/pkcs7-mime", "", "no PKCS #7")]
    [TestCase("application/pkcs7-mime", "MAA=", "no PKCS #7")]
    [TestCase("text/html", "<html>", "text/html and not application/pkcs7-mime")]
    [TestCase(null, "MAA=", "nothing that has a type")]
    public async Task An_answer_that_makes_no_sense_is_refused(string? type, string body, string reason)
    {
        _server.Instead = (_, response) =>
        {
            response.ContentType = type;
            return response.WriteAsync(body);
        };
        Assert.That(((RenewalAnswer.Refused)await AskAsync()).Reason, Does.Contain(reason));
    }

    [Test]
    public async Task An_answer_without_end_is_refused()
    {
        _server.Instead = async (_, response) =>
        {
            response.ContentType = "application/pkcs7-mime";
            for (int i = 0; i < 1_000 && !response.HttpContext.RequestAborted.IsCancellationRequested; i++)
                await response.WriteAsync(new string('A', 4_096));
        };
        Assert.That(((RenewalAnswer.Refused)await AskAsync()).Reason, Does.Contain("larger than 262144 bytes"));
    }

    [Test]
    public async Task A_certificate_for_another_key_or_name_or_from_another_authority_is_refused_and_the_old_one_serves_on()
    {
        using var other = new TestIssuer(_time);
        using var foreignKey = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        (string What, Func<EstCall, X509Certificate2> Issue)[] wrong =
        [
            ("not for the key of the request", _ => _issuer.Issue(TestIssuer.Request(foreignKey, "CN=plc-1", "plc-1").CreateSigningRequest(), TimeSpan.FromDays(30))),
            ("no authority of this credential vouches for it", call => other.Issue(call.SigningRequest, TimeSpan.FromDays(30))),
            ("it is for another name", call => _issuer.Issue(call.SigningRequest, TimeSpan.FromDays(30), asked => new CertificateRequest(new X500DistinguishedName("CN=plc-2"), asked.PublicKey, asked.HashAlgorithm))),
        ];
        foreach ((string what, Func<EstCall, X509Certificate2> issue) in wrong)
        {
            var events = new List<RotationEvent>();
            (_certificate, _key) = _issuer.IssueDevice("plc-1", TimeSpan.FromDays(30));
            using CredentialRotation rotation = Rotation(events);
            string first = rotation.State.Serving.Fingerprint;
            _server.Instead = (call, response) => call.Operation == "simplereenroll" ? EstServer.SendAsync(response, [issue(call)]) : null;
            _time.Advance(TimeSpan.FromDays(20.1));
            await rotation.TurnAsync();
            Assert.That((rotation.State.Serving.Fingerprint, events.OfType<RotationEvent.Failed>().Single().Reason.Contains(what, StringComparison.Ordinal)), Is.EqualTo((first, true)), what);
        }
    }

    [Test]
    public async Task A_server_that_nobody_vouches_for_or_that_is_gone_is_unreachable_and_learns_nothing()
    {
        using var other = new TestIssuer(_time);
        Assert.That(await AskAsync(options => options with { TrustPath = other.TrustPath }), Is.InstanceOf<RenewalAnswer.Unreachable>());
        Assert.That(_server.Calls, Is.Empty);
        await _server.DisposeAsync();
        Assert.That(await AskAsync(), Is.InstanceOf<RenewalAnswer.Unreachable>());
    }

    [Test]
    public async Task A_server_that_does_not_answer_is_unreachable()
    {
        _server.Instead = (_, response) => Task.Delay(Timeout.Infinite, response.HttpContext.RequestAborted);
        Assert.That(await AskAsync(options => options with { Timeout = TimeSpan.FromSeconds(1) }), Is.InstanceOf<RenewalAnswer.Unreachable>().With.Property("Reason").Contains("no answer within"));
    }

    [Test]
    public async Task What_was_issued_is_not_thrown_away_because_the_server_is_silent_about_its_authorities()
    {
        _server.Instead = (call, response) => call.Operation == "cacerts" ? Task.Delay(Timeout.Infinite, response.HttpContext.RequestAborted) : null;
        Assert.That(await AskAsync(options => options with { Timeout = TimeSpan.FromSeconds(3) }), Is.InstanceOf<RenewalAnswer.Issued>().With.Property("Certificates").Count.EqualTo(1));
    }

    [Test]
    public async Task A_certificate_file_that_is_empty_just_then_is_a_refusal_that_names_it()
    {
        _folder.Write("empty.pem", "");
        RenewalAnswer answer = await AskAsync(chainOf: _folder["empty.pem"]);
        Assert.That((answer as RenewalAnswer.Refused)?.Reason, Does.EndWith($"{_folder["empty.pem"]} holds no certificate in PEM"));
    }

    [Test]
    public async Task Nothing_is_sent_without_TLS() =>
        Assert.That(await AskAsync(options => options with { Endpoint = new Uri("http://127.0.0.1/.well-known/est") }), Is.InstanceOf<RenewalAnswer.Refused>());

    private CredentialRotation Rotation(List<RotationEvent>? events = null) => CredentialRotation.Open(new RotationOptions
    {
        Name = "mqtt",
        Device = "plc-1",
        Folder = _folder[Guid.NewGuid().ToString("N")],
        CertificatePath = _certificate,
        KeyPath = _key,
        TrustPath = _issuer.TrustPath,
        Decide = (_, _) => ValueTask.FromResult(Outcomes.Of(RotationWorld.Usual)),
        Renewal = new EstRenewal(new EstOptions { Endpoint = _server.Endpoint, TrustPath = _issuer.TrustPath }),
        OnEvent = happened => events?.Add(happened),
        Time = _time,
    });

    private async Task<RenewalAnswer> AskAsync(Func<EstOptions, EstOptions>? change = null, string? chainOf = null)
    {
        var options = new EstOptions { Endpoint = _server.Endpoint, TrustPath = _issuer.TrustPath };
        using X509Certificate2 current = CredentialFolder.Open(_certificate, _key);
        byte[] request = SigningRequest.Create(current, PrivateKey.Of(current));
        return await new EstRenewal(change?.Invoke(options) ?? options).RenewAsync(new RenewalRequest("mqtt", current, chainOf ?? _certificate, _key, request, "", _key, RotationCause.Due), CancellationToken.None);
    }

    private static Task Say(HttpResponse response, int status, string? retryAfter)
    {
        response.StatusCode = status;
        response.Headers.RetryAfter = retryAfter;
        return Task.CompletedTask;
    }
}

// Asks the agent of this machine, over its Unix socket and without any certificate, which cipher suites a channel may use. Run it in the root of the repository.
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const socket = process.argv[2] ?? '/run/policym2m-agent/agent.sock';
const contract = loadSync('policym2m/v1/decision_service.proto', { includeDirs: ['schemas/proto'], enums: String, longs: Number });
const { DecisionService } = grpc.loadPackageDefinition(contract).policym2m.v1;
// No TLS: nothing leaves the machine, and the kernel tells the agent who asks.
const client = new DecisionService(`unix:${socket}`, grpc.credentials.createInsecure());

client.decide({ kinds: ['DECISION_KIND_CIPHER_SUITES'] }, (error, answer) => {
  if (error) {
    process.exitCode = 1;
    return console.error(`${grpc.status[error.code]}: ${error.details}`);
  }
  const [{ denial, cipherSuites, usableUntil }] = answer.decisions;
  if (denial) {
    process.exitCode = 2;
    return console.log(`deny: ${denial.reason}`);
  }
  console.log(`suites: ${cipherSuites.suites.items.map(suite => suite.name).join(', ')}`);
  console.log(`usable until ${new Date(usableUntil.seconds * 1000).toISOString()}`);
});

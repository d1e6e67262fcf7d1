// Asks the development decision point on this machine, as the device plc-0042, for signed decisions, and believes them by their signatures alone. Run it in the root of the repository.
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const pem = name => readFileSync(`.policym2m/pki/${name}.pem`);
const contract = loadSync('policym2m/v1/decision_service.proto', { includeDirs: ['schemas/proto'], enums: String, longs: Number });
const { DecisionService, Decision, DeviceStatement } = grpc.loadPackageDefinition(contract).policym2m.v1;
const client = new DecisionService('localhost:8443', grpc.credentials.createSsl(pem('ca'), pem('device-key'), pem('device')));
const ask = name => promisify(client[name].bind(client));
const when = ({ seconds, nanos }) => new Date(seconds * 1000 + nanos / 1e6);

// A device fetches the keys once, over a connection that it trusts, and keeps them.
const { keys } = await ask('getSigningKeys')({});
const trusted = new Map(keys.map(key => [createHash('sha256').update(key.publicKey).digest('hex'), key]));

const open = (type, name, { payload, signature, keyId }) => {
  const key = trusted.get(keyId) ?? (() => { throw new Error('it is signed by a key that is not trusted'); })();
  const signed = Buffer.concat([Buffer.from(`policym2m.v1.${name}\0`, 'ascii'), payload]);
  const publicKey = createPublicKey({ key: key.publicKey, format: 'der', type: 'spki' });
  if (!verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)) throw new Error('its signature does not hold');
  return type.deserialize(payload);
};

const issued = new Date(new X509Certificate(pem('device')).validFrom).toISOString().slice(0, 19) + 'Z';
const answer = await ask('decide')({ form: 'DECISION_FORM_SIGNED', attributes: { 'device.type': { text: 'plc' }, 'network.zone': { text: 'cell' }, 'firmware.version': { text: '2.6.0' }, 'credential.issued-at': { text: issued } } });
for (const signed of answer.signedDecisions) {
  const decision = open(Decision, 'Decision', signed);
  const tested = (decision.region.attributes ?? []).map(attribute => attribute.name);
  console.log(`${decision.kind}: ${decision.denial ? 'deny' : 'allow'}, usable until ${when(decision.usableUntil).toISOString()}, for all whose ${tested.join(', ')} lie where this device's do`);
}
const statement = open(DeviceStatement, 'DeviceStatement', answer.statement);
console.log(`the decision point says of ${statement.deviceId}, until ${when(statement.validUntil).toISOString()}: ${statement.attributes.map(({ name, value }) => `${name} = ${Object.values(value)[0]}`).join(', ')}`);

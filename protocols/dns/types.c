#include "protocols/dns/types.h"

/* clang-format off */
const struct mdl_value mdl_dns_types[] = {
	{ 1, "A" }, { 2, "NS" }, { 3, "MD" }, { 4, "MF" }, { 5, "CNAME" }, { 6, "SOA" }, { 7, "MB" },
	{ 8, "MG" }, { 9, "MR" }, { 10, "NULL" }, { 11, "WKS" }, { 12, "PTR" }, { 13, "HINFO" },
	{ 14, "MINFO" }, { 15, "MX" }, { 16, "TXT" }, { 17, "RP" }, { 18, "AFSDB" }, { 19, "X25" },
	{ 20, "ISDN" }, { 21, "RT" }, { 22, "NSAP" }, { 23, "NSAP-PTR" }, { 24, "SIG" }, { 25, "KEY" },
	{ 26, "PX" }, { 27, "GPOS" }, { 28, "AAAA" }, { 29, "LOC" }, { 30, "NXT" }, { 31, "EID" },
	{ 32, "NIMLOC" }, { 33, "SRV" }, { 34, "ATMA" }, { 35, "NAPTR" }, { 36, "KX" }, { 37, "CERT" },
	{ 38, "A6" }, { 39, "DNAME" }, { 40, "SINK" }, { 41, "OPT" }, { 42, "APL" }, { 43, "DS" },
	{ 44, "SSHFP" }, { 45, "IPSECKEY" }, { 46, "RRSIG" }, { 47, "NSEC" }, { 48, "DNSKEY" },
	{ 49, "DHCID" }, { 50, "NSEC3" }, { 51, "NSEC3PARAM" }, { 52, "TLSA" }, { 53, "SMIMEA" },
	{ 55, "HIP" }, { 56, "NINFO" }, { 57, "RKEY" }, { 58, "TALINK" }, { 59, "CDS" },
	{ 60, "CDNSKEY" }, { 61, "OPENPGPKEY" }, { 62, "CSYNC" }, { 63, "ZONEMD" }, { 64, "SVCB" },
	{ 65, "HTTPS" }, { 66, "DSYNC" }, { 67, "HHIT" }, { 68, "BRID" }, { 99, "SPF" }, { 100, "UINFO" },
	{ 101, "UID" }, { 102, "GID" }, { 103, "UNSPEC" }, { 104, "NID" }, { 105, "L32" }, { 106, "L64" },
	{ 107, "LP" }, { 108, "EUI48" }, { 109, "EUI64" }, { 128, "NXNAME" }, { 249, "TKEY" },
	{ 250, "TSIG" }, { 251, "IXFR" }, { 252, "AXFR" }, { 253, "MAILB" }, { 254, "MAILA" },
	{ 255, "ANY" }, { 256, "URI" }, { 257, "CAA" }, { 258, "AVC" }, { 259, "DOA" }, { 260, "AMTRELAY" },
	{ 261, "RESINFO" }, { 262, "WALLET" }, { 263, "CLA" }, { 264, "IPN" }, { 32768, "TA" },
	{ 32769, "DLV" }, { 65533, "KEYDATA" }, { 0, NULL }
};

const struct mdl_value mdl_dns_classes[] = {
	{ 1, "IN" }, { 3, "CH" }, { 4, "HS" }, { 254, "NONE" }, { 255, "ANY" }, { 0, NULL }
};

const struct mdl_value mdl_dns_opcodes[] = {
	{ 0, "QUERY" }, { 1, "IQUERY" }, { 2, "STATUS" }, { 4, "NOTIFY" }, { 5, "UPDATE" }, { 6, "DSO" },
	{ 0, NULL }
};

#define RCODES                                                                                        \
	{ 0, "NOERROR" }, { 1, "FORMERR" }, { 2, "SERVFAIL" }, { 3, "NXDOMAIN" }, { 4, "NOTIMP" },    \
	{ 5, "REFUSED" }, { 6, "YXDOMAIN" }, { 7, "YXRRSET" }, { 8, "NXRRSET" }, { 9, "NOTAUTH" },    \
	{ 10, "NOTZONE" }, { 11, "DSOTYPENI" }
#define ERRORS                                                                                        \
	{ 17, "BADKEY" }, { 18, "BADTIME" }, { 19, "BADMODE" }, { 20, "BADNAME" }, { 21, "BADALG" },  \
	{ 22, "BADTRUNC" }, { 23, "BADCOOKIE" }, { 0, NULL }
const struct mdl_value mdl_dns_rcodes[] = { RCODES, { 16, "BADVERS" }, ERRORS };
const struct mdl_value mdl_dns_tsig_errors[] = { RCODES, { 16, "BADSIG" }, ERRORS };

const struct mdl_value mdl_dns_options[] = {
	{ 1, "LLQ" }, { 2, "UL" }, { 3, "NSID" }, { 5, "DAU" }, { 6, "DHU" }, { 7, "N3U" }, { 8, "ECS" },
	{ 9, "EXPIRE" }, { 10, "COOKIE" }, { 11, "KEEPALIVE" }, { 12, "PADDING" }, { 13, "CHAIN" },
	{ 14, "KEY-TAG" }, { 15, "EDE" }, { 16, "CLIENT-TAG" }, { 17, "SERVER-TAG" },
	{ 18, "REPORT-CHANNEL" }, { 19, "ZONEVERSION" }, { 0, NULL }
};

const struct mdl_value mdl_dns_ede_codes[] = {
	{ 0, "other" }, { 1, "unsupported DNSKEY algorithm" }, { 2, "unsupported DS digest type" },
	{ 3, "stale answer" }, { 4, "forged answer" }, { 5, "DNSSEC indeterminate" }, { 6, "DNSSEC bogus" },
	{ 7, "signature expired" }, { 8, "signature not yet valid" }, { 9, "DNSKEY missing" },
	{ 10, "RRSIGs missing" }, { 11, "no zone key bit" }, { 12, "NSEC missing" }, { 13, "cached error" },
	{ 14, "not ready" }, { 15, "blocked" }, { 16, "censored" }, { 17, "filtered" }, { 18, "prohibited" },
	{ 19, "stale NXDOMAIN answer" }, { 20, "not authoritative" }, { 21, "not supported" },
	{ 22, "no reachable authority" }, { 23, "network error" }, { 24, "invalid data" },
	{ 25, "signature expired before valid" }, { 26, "too early" },
	{ 27, "unsupported NSEC3 iterations" }, { 28, "unable to conform to policy" },
	{ 29, "synthesized" }, { 30, "invalid query type" }, { 0, NULL }
};

const struct mdl_value mdl_dns_algorithms[] = {
	{ 0, "DELETE" }, { 1, "RSAMD5" }, { 2, "DH" }, { 3, "DSA" }, { 5, "RSASHA1" },
	{ 6, "DSA-NSEC3-SHA1" }, { 7, "RSASHA1-NSEC3-SHA1" }, { 8, "RSASHA256" }, { 10, "RSASHA512" },
	{ 12, "ECC-GOST" }, { 13, "ECDSAP256SHA256" }, { 14, "ECDSAP384SHA384" }, { 15, "ED25519" },
	{ 16, "ED448" }, { 17, "SM2SM3" }, { 23, "ECC-GOST12" }, { 252, "INDIRECT" },
	{ 253, "PRIVATEDNS" }, { 254, "PRIVATEOID" }, { 0, NULL }
};

const struct mdl_value mdl_dns_digests[] = {
	{ 1, "SHA-1" }, { 2, "SHA-256" }, { 3, "GOST" }, { 4, "SHA-384" }, { 5, "GOST12" }, { 6, "SM3" },
	{ 0, NULL }
};

const struct mdl_value mdl_dns_cert_types[] = {
	{ 1, "PKIX" }, { 2, "SPKI" }, { 3, "PGP" }, { 4, "IPKIX" }, { 5, "ISPKI" }, { 6, "IPGP" },
	{ 7, "ACPKIX" }, { 8, "IACPKIX" }, { 253, "URI" }, { 254, "OID" }, { 0, NULL }
};

const struct mdl_value mdl_dns_svc_keys[] = {
	{ 0, "mandatory" }, { 1, "alpn" }, { 2, "no-default-alpn" }, { 3, "port" }, { 4, "ipv4hint" },
	{ 5, "ech" }, { 6, "ipv6hint" }, { 7, "dohpath" }, { 8, "ohttp" }, { 0, NULL }
};

const struct mdl_value mdl_dns_tkey_modes[] = {
	{ 1, "server" }, { 2, "DH" }, { 3, "GSS-API" }, { 4, "resolver" }, { 5, "delete" }, { 0, NULL }
};

const struct mdl_value mdl_dns_tlv_types[] = {
	{ 1, "KeepAlive" }, { 2, "RetryDelay" }, { 3, "EncryptionPadding" }, { 0x40, "SUBSCRIBE" },
	{ 0x41, "PUSH" }, { 0x42, "UNSUBSCRIBE" }, { 0x43, "RECONFIRM" }, { 0, NULL }
};

const struct mdl_value mdl_dns_ssh_algorithms[] = {
	{ 1, "RSA" }, { 2, "DSA" }, { 3, "ECDSA" }, { 4, "Ed25519" }, { 6, "Ed448" }, { 0, NULL }
};
const struct mdl_value mdl_dns_ssh_types[] = { { 1, "SHA-1" }, { 2, "SHA-256" }, { 0, NULL } };
const struct mdl_value mdl_dns_gateways[] = {
	{ 0, "none" }, { 1, "IPv4" }, { 2, "IPv6" }, { 3, "name" }, { 0, NULL }
};
const struct mdl_value mdl_dns_families[] = { { 1, "IPv4" }, { 2, "IPv6" }, { 0, NULL } };
const struct mdl_value mdl_dns_afsdb_subtypes[] = { { 1, "AFS" }, { 2, "DCE" }, { 0, NULL } };
/* clang-format on */

const char *mdl_dns_value_name(const struct mdl_value *list, uint64_t v)
{
	while (list->name != NULL && list->v != v)
		list++;
	return list->name;
}

mdl_err mdl_dns_value_text(const struct mdl_value *list, uint64_t v, const char *prefix,
			   struct mdl_buf *out)
{
	const char *name = mdl_dns_value_name(list, v);
	return name != NULL ? mdl_buf_printf(out, "%s", name)
			    : mdl_buf_printf(out, "%s%u", prefix, (unsigned)v);
}

mdl_err mdl_dns_type_text(uint16_t type, struct mdl_buf *out)
{
	return mdl_dns_value_text(mdl_dns_types, type, "TYPE", out);
}

mdl_err mdl_dns_class_text(uint16_t cls, struct mdl_buf *out)
{
	return mdl_dns_value_text(mdl_dns_classes, cls, "CLASS", out);
}

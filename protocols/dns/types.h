/** Numbers of DNS and their names, as the IANA registries have them. */
#pragma once

#include "core/buf.h"
#include "protocols/field.h"

/* Those that code speaks of; all others have names only. */
/* clang-format off */
enum dns_type {
	DNS_T_A = 1, DNS_T_NS = 2, DNS_T_MD = 3, DNS_T_MF = 4, DNS_T_CNAME = 5, DNS_T_SOA = 6, DNS_T_MB = 7,
	DNS_T_MG = 8, DNS_T_MR = 9, DNS_T_NULL = 10, DNS_T_WKS = 11, DNS_T_PTR = 12, DNS_T_HINFO = 13,
	DNS_T_MINFO = 14, DNS_T_MX = 15, DNS_T_TXT = 16, DNS_T_RP = 17, DNS_T_AFSDB = 18, DNS_T_X25 = 19,
	DNS_T_ISDN = 20, DNS_T_RT = 21, DNS_T_NSAP = 22, DNS_T_NSAP_PTR = 23, DNS_T_SIG = 24, DNS_T_KEY = 25,
	DNS_T_PX = 26, DNS_T_GPOS = 27, DNS_T_AAAA = 28, DNS_T_LOC = 29, DNS_T_NXT = 30, DNS_T_SRV = 33,
	DNS_T_NAPTR = 35, DNS_T_KX = 36, DNS_T_CERT = 37, DNS_T_DNAME = 39, DNS_T_OPT = 41, DNS_T_APL = 42,
	DNS_T_DS = 43, DNS_T_SSHFP = 44, DNS_T_IPSECKEY = 45, DNS_T_RRSIG = 46, DNS_T_NSEC = 47,
	DNS_T_DNSKEY = 48, DNS_T_DHCID = 49, DNS_T_NSEC3 = 50, DNS_T_NSEC3PARAM = 51, DNS_T_TLSA = 52,
	DNS_T_SMIMEA = 53, DNS_T_HIP = 55, DNS_T_NINFO = 56, DNS_T_RKEY = 57, DNS_T_TALINK = 58, DNS_T_CDS = 59,
	DNS_T_CDNSKEY = 60, DNS_T_OPENPGPKEY = 61, DNS_T_CSYNC = 62, DNS_T_ZONEMD = 63, DNS_T_SVCB = 64,
	DNS_T_HTTPS = 65, DNS_T_DSYNC = 66, DNS_T_SPF = 99, DNS_T_NID = 104, DNS_T_L32 = 105, DNS_T_L64 = 106,
	DNS_T_LP = 107, DNS_T_EUI48 = 108, DNS_T_EUI64 = 109, DNS_T_TKEY = 249, DNS_T_TSIG = 250,
	DNS_T_IXFR = 251, DNS_T_AXFR = 252, DNS_T_MAILB = 253, DNS_T_MAILA = 254, DNS_T_ANY = 255,
	DNS_T_URI = 256, DNS_T_CAA = 257, DNS_T_AVC = 258, DNS_T_DOA = 259, DNS_T_AMTRELAY = 260,
	DNS_T_RESINFO = 261, DNS_T_WALLET = 262, DNS_T_TA = 32768, DNS_T_DLV = 32769
};

enum dns_class { DNS_C_IN = 1, DNS_C_CH = 3, DNS_C_HS = 4, DNS_C_NONE = 254, DNS_C_ANY = 255 };
enum dns_opcode { DNS_O_QUERY = 0, DNS_O_IQUERY = 1, DNS_O_STATUS = 2, DNS_O_NOTIFY = 4, DNS_O_UPDATE = 5, DNS_O_DSO = 6 };
enum dns_rcode {
	DNS_R_NOERROR = 0, DNS_R_FORMERR = 1, DNS_R_SERVFAIL = 2, DNS_R_NXDOMAIN = 3, DNS_R_NOTIMP = 4,
	DNS_R_REFUSED = 5, DNS_R_NOTAUTH = 9, DNS_R_NOTZONE = 10, DNS_R_BADVERS = 16, DNS_R_BADCOOKIE = 23
};
enum dns_tsig_error { DNS_R_BADSIG = 16, DNS_R_BADKEY = 17 };
enum dns_option {
	DNS_E_LLQ = 1, DNS_E_UL = 2, DNS_E_NSID = 3, DNS_E_DAU = 5, DNS_E_DHU = 6, DNS_E_N3U = 7, DNS_E_ECS = 8,
	DNS_E_EXPIRE = 9, DNS_E_COOKIE = 10, DNS_E_KEEPALIVE = 11, DNS_E_PADDING = 12, DNS_E_CHAIN = 13,
	DNS_E_KEY_TAG = 14, DNS_E_EDE = 15, DNS_E_CLIENT_TAG = 16, DNS_E_SERVER_TAG = 17, DNS_E_REPORT = 18,
	DNS_E_ZONEVERSION = 19
};
/* clang-format on */

/* Lists end with a NULL name. */
extern const struct mdl_value mdl_dns_types[], mdl_dns_classes[], mdl_dns_opcodes[],
	mdl_dns_rcodes[];
extern const struct mdl_value
	mdl_dns_tsig_errors[]; /* RFC 8945: 16 means BADSIG here, not BADVERS */
extern const struct mdl_value mdl_dns_options[], mdl_dns_ede_codes[], mdl_dns_algorithms[],
	mdl_dns_digests[];
extern const struct mdl_value mdl_dns_cert_types[], mdl_dns_svc_keys[], mdl_dns_tkey_modes[],
	mdl_dns_tlv_types[];
extern const struct mdl_value mdl_dns_ssh_algorithms[], mdl_dns_ssh_types[], mdl_dns_gateways[];
extern const struct mdl_value mdl_dns_families[], mdl_dns_afsdb_subtypes[];

/** The name of `v`; NULL if it has none. */
const char *mdl_dns_value_name(const struct mdl_value *list, uint64_t v);
/** Appends the name of a type or class, or RFC 3597's "TYPE123" and "CLASS32". */
mdl_err mdl_dns_type_text(uint16_t type, struct mdl_buf *out);
mdl_err mdl_dns_class_text(uint16_t cls, struct mdl_buf *out);
/** Appends the name in a list, or `prefix` with the number: "OPCODE7". */
mdl_err mdl_dns_value_text(const struct mdl_value *list, uint64_t v, const char *prefix,
			   struct mdl_buf *out);

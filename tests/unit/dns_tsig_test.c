#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/writer.h"
#include "protocols/registry.h"
#include "support/alloc.h"
#include "support/wire.h"

struct signed_msg {
	enum mdl_carrier on;
	enum mdl_dir dir;
	const char *algorithm;
	const char *hex;
};

#define SECRET \
	"bWVkZGxlLXRlc3Qta2V5LW5vdC1hLXNlY3JldC0wMTIzNDU2Nzg5" /* "meddle-test-key-not-a-secret-..." */

/* clang-format off */
/* dig and nsupdate -y with BIND 9.18 and Knot DNS 3.2: each request and its answer. */
static const struct signed_msg singles[] = {
	{ MDL_DGRAM, MDL_C2S, "md5",
	  "725a0120000100000000000203776562076578616d706c65036f7267000001000100002904d000000000000c"
	  "000a0008ae1376db2cf84908056b2d6d64350000fa00ff00000000003a08686d61632d6d6435077369672d61"
	  "6c670372656703696e740000006b04ba8b012c001076dee0c54b4111be5366abbbf0a9300f725a00000000" },
	{ MDL_DGRAM, MDL_S2C, "md5",
	  "725a8500000100020000000203776562076578616d706c65036f72670000010001c00c000100010000012c00"
	  "04c0000202c00c000100010000012c0004c000020100002904d000000000001c000a0018ae1376db2cf84908"
	  "010000006b04ba8bfb8d7f98bf8c7044056b2d6d64350000fa00ff00000000003a08686d61632d6d64350773"
	  "69672d616c670372656703696e740000006b04ba8b012c0010e6ffff73a58441bd13661b4c2213902b725a00"
	  "000000" },
	{ MDL_DGRAM, MDL_C2S, "sha1",
	  "fa890120000100000000000203776562076578616d706c65036f7267000001000100002904d000000000000c"
	  "000a0008668a36381fb79093066b2d736861310000fa00ff00000000002f09686d61632d736861310000006b"
	  "04ba8b012c001408c48e40bef3126d3e102a0cb10a4b8eadadcbb4fa8900000000" },
	{ MDL_DGRAM, MDL_S2C, "sha1",
	  "fa898500000100020000000203776562076578616d706c65036f72670000010001c00c000100010000012c00"
	  "04c0000202c00c000100010000012c0004c000020100002904d000000000001c000a0018668a36381fb79093"
	  "010000006b04ba8bbeab8ea06cd24cd4066b2d736861310000fa00ff00000000002f09686d61632d73686131"
	  "0000006b04ba8b012c0014f3f493af17c99357facc19e8c4861ee76c7a66bafa8900000000" },
	{ MDL_DGRAM, MDL_C2S, "sha224",
	  "26ae0120000100000000000203776562076578616d706c65036f7267000001000100002904d000000000000c"
	  "000a0008e4b68cf280fa4aec086b2d7368613232340000fa00ff0000000000390b686d61632d736861323234"
	  "0000006b04ba8b012c001c1ff3bd4abdd1ddd1dc96b91d246179ea075182965fa3fa8a2d2ff57126ae000000"
	  "00" },
	{ MDL_DGRAM, MDL_S2C, "sha224",
	  "26ae8500000100020000000203776562076578616d706c65036f72670000010001c00c000100010000012c00"
	  "04c0000201c00c000100010000012c0004c000020200002904d000000000001c000a0018e4b68cf280fa4aec"
	  "010000006b04ba8beadce67b0414c934086b2d7368613232340000fa00ff0000000000390b686d61632d7368"
	  "613232340000006b04ba8b012c001c3b9e9b90f4412d56122b0ad4054862070090055b62fc9da356255dc026"
	  "ae00000000" },
	{ MDL_DGRAM, MDL_C2S, "sha256",
	  "f6980120000100000000000203776562076578616d706c65036f7267000001000100002904d000000000000c"
	  "000a00081e4e910fe710d619086b2d7368613235360000fa00ff00000000003d0b686d61632d736861323536"
	  "0000006b04ba8b012c002021c2d0361fbcb52a4542936811e510662c772138c8423166030c5faa69f7d1fbf6"
	  "9800000000" },
	{ MDL_DGRAM, MDL_S2C, "sha256",
	  "f6988500000100020000000203776562076578616d706c65036f72670000010001c00c000100010000012c00"
	  "04c0000201c00c000100010000012c0004c000020200002904d000000000001c000a00181e4e910fe710d619"
	  "010000006b04ba8bda338ae1d3841689086b2d7368613235360000fa00ff00000000003d0b686d61632d7368"
	  "613235360000006b04ba8b012c0020b618f24d953ce2fd00e2b38b843f620d31b8cdf4a5c486b3d98b4198f4"
	  "37bb6cf69800000000" },
	{ MDL_DGRAM, MDL_C2S, "sha384",
	  "7bd10120000100000000000203776562076578616d706c65036f7267000001000100002904d000000000000c"
	  "000a0008cc4cc8277a9f4415086b2d7368613338340000fa00ff00000000004d0b686d61632d736861333834"
	  "0000006b04ba8b012c0030dae36e6a461edfe6824cbc23b62a1da50e70f880e03fcc49673e1ab9de2f22c930"
	  "c1575c6403c2f97288c90fc8a29eeb7bd100000000" },
	{ MDL_DGRAM, MDL_S2C, "sha384",
	  "7bd18500000100020000000203776562076578616d706c65036f72670000010001c00c000100010000012c00"
	  "04c0000201c00c000100010000012c0004c000020200002904d000000000001c000a0018cc4cc8277a9f4415"
	  "010000006b04ba8b27b2b59c1c5025d2086b2d7368613338340000fa00ff00000000004d0b686d61632d7368"
	  "613338340000006b04ba8b012c00303e9267b777cf2525f11f6f48e4eb5944a4ad4e6dfdda38ba0497606ab7"
	  "b961c8dc99cc340a549b0e84978966170dc47e7bd100000000" },
	{ MDL_DGRAM, MDL_C2S, "sha512",
	  "c2720120000100000000000203776562076578616d706c65036f7267000001000100002904d000000000000c"
	  "000a0008ff275371eca5dcd8086b2d7368613531320000fa00ff00000000005d0b686d61632d736861353132"
	  "0000006b04ba8b012c0040a889e23ed100bb1ec4fc1303a8a7841515f3b921bff1a46551c56634807e0d4d46"
	  "2fa025203e5c43c8b8a81627c8a8138c6d217b46910ede7d8bdc1ec4d4602cc27200000000" },
	{ MDL_DGRAM, MDL_S2C, "sha512",
	  "c2728500000100020000000203776562076578616d706c65036f72670000010001c00c000100010000012c00"
	  "04c0000202c00c000100010000012c0004c000020100002904d000000000001c000a0018ff275371eca5dcd8"
	  "010000006b04ba8b2cfcef9bcd1fd491086b2d7368613531320000fa00ff00000000005d0b686d61632d7368"
	  "613531320000006b04ba8b012c004039da2411bea7094f7d53bc5a7c879b709dbb61eee8a726fba932a4f925"
	  "678b53bcf3488047da1f6c24358e523de5220b22825f81d4822458aa691e26f391dd58c27200000000" },
	{ MDL_DGRAM, MDL_C2S, "sha256",
	  "bb7628000001000000010001076578616d706c65036f72670000060001036e6577c00c000100010000012c00"
	  "04c0000263086b2d7368613235360000fa00ff00000000003d0b686d61632d7368613235360000006b04ba8b"
	  "012c0020c978646333cf286fcdd02a41e359b4cbaeb65672dbd13e3386b04f871efebb9ebb7600000000" },
	{ MDL_DGRAM, MDL_S2C, "sha256",
	  "bb76a8000001000000000001076578616d706c65036f72670000060001086b2d7368613235360000fa00ff00"
	  "000000003d0b686d61632d7368613235360000006b04ba8b012c0020ccf6a4df450897fe27f30b8e5973530c"
	  "0c4e285d98553bc03d51fe07ba001036bb7600000000" },
	{ MDL_DGRAM, MDL_C2S, "sha256",
	  "ecb528000001000200020001076578616d706c65036f72670000060001036e6577c00c00ff00ff0000000000"
	  "00c01d001c00fe000000000000c01d000100fe000000000004c0000263056f74686572c00c00ff00ff000000"
	  "000000086b2d7368613235360000fa00ff00000000003d0b686d61632d7368613235360000006b04ba8b012c"
	  "00205e7ffd83f147262b9c62081a2717f943ffb3b6a89af7c1601ede741723f90231ecb500000000" },
	{ MDL_DGRAM, MDL_S2C, "sha256",
	  "ecb5a8000001000000000001076578616d706c65036f72670000060001086b2d7368613235360000fa00ff00"
	  "000000003d0b686d61632d7368613235360000006b04ba8b012c002037f6761ff8c5fdd0893a473a365c8562"
	  "6206c9c01e303b9bd1be8bb034319e7eecb500000000" },
	{ MDL_DGRAM, MDL_C2S, "sha512",
	  "450f0120000100000000000103776562076578616d706c65036f72670000010001086b2d7368613531320000"
	  "fa00ff00000000005d0b686d61632d7368613531320000006b04bdb2012c00402a792c96dc9e44c62c530913"
	  "814abdfb5704408cedbe3cc4319e45eb80481ef5b8811835639ad6d068913b2229688c0f2b93da830c853ec6"
	  "d00c143a63e39523450f00000000" },
	{ MDL_DGRAM, MDL_S2C, "sha512",
	  "450f8500000100020000000103776562076578616d706c65036f72670000010001c00c000100010000012c00"
	  "04c0000201c00c000100010000012c0004c0000202086b2d7368613531320000fa00ff00000000005d0b686d"
	  "61632d7368613531320000006b04bdb2012c0040806b77283acfeab00036c7da504864bb1e48e8ab7aed2a76"
	  "e994465e02d86283253ec4f7791a4c763c75ae1b64424fa671922910f511346577d056e064ec09af450f0000"
	  "0000" },
	{ MDL_DGRAM, MDL_C2S, "sha224",
	  "fb2628000001000000010001076578616d706c65036f72670000060001067369676e6564c00c001000010000"
	  "012c00020178086b2d7368613232340000fa00ff0000000000390b686d61632d7368613232340000006b04bd"
	  "b2012c001c87815f4506d00ca66a79ed506892ecb5589d9c6551939a5497d0c08bfb2600000000" },
	{ MDL_DGRAM, MDL_S2C, "sha224",
	  "fb26a8000001000000000001076578616d706c65036f72670000060001086b2d7368613232340000fa00ff00"
	  "00000000390b686d61632d7368613232340000006b04bdb2012c001c19ae01173118224671e08374d69adf96"
	  "31432f5d19213719cdd336f1fb2600000000" },
	{ MDL_STREAM, MDL_C2S, "sha256",
	  "006ee06001200001000000000001076578616d706c65036f72670000060001086b2d7368613235360000fa00"
	  "ff00000000003d0b686d61632d7368613235360000006b04bdb2012c0020ad47344719cff79b9705fd487574"
	  "c1f10fb0ebb5da5034642f0fbbe3c2e47970e06000000000" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "00a1e06085000001000100000001076578616d706c65036f72670000060001c00c000600010000012c002703"
	  "6e7331c00c0a686f73746d6173746572c00c78a3f17800001c2000000e10001275000000012c086b2d736861"
	  "3235360000fa00ff00000000003d0b686d61632d7368613235360000006b04bdb2012c002050451e56980a54"
	  "3ed2df948cd24ae6fe2788e59501ece523f10903d8e736bfffe06000000000" },
};

/* A transfer from BIND, one record a message, each signed. */
static const struct signed_msg transfer[] = {
	{ MDL_STREAM, MDL_C2S, "sha256",
	  "006f7ad9002000010000000000010474696e79076578616d706c650000fc0001086b2d7368613235360000fa"
	  "00ff00000000003d0b686d61632d7368613235360000006b04bac7012c0020391773ae9dece27bf004822d16"
	  "147e8ce543effa0bedf5d6906cc8d47af1e1227ad900000000" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "00987ad9840000010001000000010474696e79076578616d706c650000fc0001c00c000600010000003c001d"
	  "026e73c00c0168c00c0000000700000e1000000258000151800000003c086b2d7368613235360000fa00ff00"
	  "000000003d0b686d61632d7368613235360000006b04bac7012c0020f3c1175a3a6931787d7273431fbd7ce4"
	  "7a1fd037642918f514642dc2ed2555f67ad900000000" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "007a7ad9840000000001000000010474696e79076578616d706c6500000200010000003c0005026e73c00c08"
	  "6b2d7368613235360000fa00ff00000000003d0b686d61632d7368613235360000006b04bac7012c0020631b"
	  "d5456943e8f714bb469ae780a8037f112bcffec272edcd2d522b0c6cc0087ad900000000" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "007b7ad98400000000010000000101620474696e79076578616d706c6500000100010000003c0004c0000202"
	  "086b2d7368613235360000fa00ff00000000003d0b686d61632d7368613235360000006b04bac7012c0020c6"
	  "8a6d9f07ca1971e13ca67b557d0b1f1d5e3ef327cc66cb5e4b24577c30d33d7ad900000000" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "007c7ad984000000000100000001026e730474696e79076578616d706c6500000100010000003c0004c00002"
	  "01086b2d7368613235360000fa00ff00000000003d0b686d61632d7368613235360000006b04bac7012c0020"
	  "9e29f375c812150cc09858269466ef6d42c860d5c38ae56f2aa9340830d168c77ad900000000" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "00927ad9840000000001000000010474696e79076578616d706c6500000600010000003c001d026e73c00c01"
	  "68c00c0000000700000e1000000258000151800000003c086b2d7368613235360000fa00ff00000000003d0b"
	  "686d61632d7368613235360000006b04bac7012c002045b35d71f9669311a3407bb7034dcd91756671f65067"
	  "0913a81ac410b3772ddf7ad900000000" },
};

/* A bad signature and a MAC cut to 16 bytes, which BIND does not allow. */
static const struct signed_msg refused[] = {
	{ MDL_DGRAM, MDL_C2S, "sha256",
	  "b197012000010000000000010474696e79076578616d706c650000060001086b2d7368613235360000fa00ff"
	  "00000000003d0b686d61632d7368613235360000006b04bac7012c0020af85e5303cbdc1272bc52dcd0300fc"
	  "5ddda816d83357cdf95ae315cbbd32e346b19700000000" },
	{ MDL_DGRAM, MDL_S2C, "sha256",
	  "b197810900010000000000010474696e79076578616d706c650000060001086b2d7368613235360000fa00ff"
	  "00000000001d0b686d61632d7368613235360000006b04bac7012c0000b19700100000" },
	{ MDL_DGRAM, MDL_C2S, "sha256",
	  "ce4e012000010000000000010474696e79076578616d706c650000060001086b2d7368613235360000fa00ff"
	  "00000000002d0b686d61632d7368613235360000006b04bac7012c00106ae2808c0e4aaee5516d5ca271a667"
	  "b1ce4e00000000" },
	{ MDL_DGRAM, MDL_S2C, "sha256",
	  "ce4e810900010000000000010474696e79076578616d706c650000060001086b2d7368613235360000fa00ff"
	  "00000000003d0b686d61632d7368613235360000006b04bac7012c002036e08d8426e61cd050b7bf2a5ef754"
	  "8fe0908e2ad921934a37fa8dfb64216abfce4e00160000" },
};

/*
 * The same transfer with two messages unsigned; the MACs behind them were made with Python's hmac by
 * RFC 8945, section 5.3.1.
 */
static const struct signed_msg sparse[] = {
	{ MDL_STREAM, MDL_C2S, "sha256",
	  "006f7ad9002000010000000000010474696e79076578616d706c650000fc0001086b2d7368613235360000fa"
	  "00ff00000000003d0b686d61632d7368613235360000006b04bac7012c0020391773ae9dece27bf004822d16"
	  "147e8ce543effa0bedf5d6906cc8d47af1e1227ad900000000" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "00987ad9840000010001000000010474696e79076578616d706c650000fc0001c00c000600010000003c001d"
	  "026e73c00c0168c00c0000000700000e1000000258000151800000003c086b2d7368613235360000fa00ff00"
	  "000000003d0b686d61632d7368613235360000006b04bac7012c0020f3c1175a3a6931787d7273431fbd7ce4"
	  "7a1fd037642918f514642dc2ed2555f67ad900000000" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "00297ad9840000000001000000000474696e79076578616d706c6500000200010000003c0005026e73c00c" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "002a7ad98400000000010000000001620474696e79076578616d706c6500000100010000003c0004c0000202" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "007c7ad984000000000100000001026e730474696e79076578616d706c6500000100010000003c0004c00002"
	  "01086b2d7368613235360000fa00ff00000000003d0b686d61632d7368613235360000006b04bac7012c0020"
	  "1c8a52e87af0aef83441b4120d213a298c3da4979870d0343f5857e3bb32fb677ad900000000" },
	{ MDL_STREAM, MDL_S2C, "sha256",
	  "00927ad9840000000001000000010474696e79076578616d706c6500000600010000003c001d026e73c00c01"
	  "68c00c0000000700000e1000000258000151800000003c086b2d7368613235360000fa00ff00000000003d0b"
	  "686d61632d7368613235360000006b04bac7012c0020ef2d62308f891ed9fb95c7f0fd87fd581e90b2a406f4"
	  "ebc6714580430b392f817ad900000000" },
};
/* clang-format on */

static void open_with_key(struct wire *w, const struct signed_msg *m)
{
	static char setting[256];
	snprintf(setting, sizeof(setting), "dns.tsig-key=hmac-%s:k-%s:" SECRET, m->algorithm,
		 m->algorithm);
	wire_open(w, &mdl_dns, m->on, setting);
}

static bool has_mac(struct wire *w)
{
	return wire_has(w, "dns.additional.mac") && wire_bytes(w, "dns.additional.mac").n > 0;
}

static void seal(struct wire *w)
{
	static const struct mdl_repair how = { .what = MDL_REL_SEAL };
	assert_int_equal(mdl_repair(w->x, &w->msg, &w->f, &how), MDL_OK);
}

/* The recorded bytes, and the same with nothing but zeros in the MAC. */
struct pair {
	uint8_t recorded[1024], blank[1024];
	size_t n;
	bool has_mac;
};

static void load(const struct signed_msg *m, struct pair *p)
{
	struct wire w;
	wire_open(&w, &mdl_dns, m->on, NULL);
	wire_hex(&w, m->dir, m->hex);
	assert_int_equal(w.err, MDL_OK);
	assert_true(w.msg.n <= sizeof(p->recorded));
	p->n = w.msg.n;
	p->has_mac = has_mac(&w);
	memcpy(p->recorded, w.msg.p, p->n);
	memcpy(p->blank, w.msg.p, p->n);
	if (p->has_mac)
		memset(p->blank + w.f.v[wire_find(&w, "dns.additional.mac")].off, 0,
		       wire_bytes(&w, "dns.additional.mac").n);
	wire_close(&w);
}

static void assert_bytes(const struct wire *w, const struct pair *p)
{
	assert_int_equal(w->msg.n, p->n);
	assert_memory_equal(w->msg.p, p->recorded, p->n);
}

/* Signs the messages one after the other as they are read, and expects what was recorded. */
static void assert_signs_the_same(const struct signed_msg *m, size_t n)
{
	struct wire w;
	struct pair p;
	open_with_key(&w, m);
	for (size_t i = 0; i < n; i++) {
		load(&m[i], &p);
		wire_read(&w, m[i].dir, mdl_slice(p.blank, p.n));
		seal(&w);
		assert_bytes(&w, &p);
	}
	wire_close(&w);
}

static void test_requests_and_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < MDL_COUNT(singles); i += 2)
		assert_signs_the_same(&singles[i], 2);
}

static void test_transfer_of_many_messages(void **state)
{
	(void)state;
	assert_signs_the_same(transfer, MDL_COUNT(transfer));
}

static void test_unsigned_messages_between(void **state)
{
	(void)state;
	assert_signs_the_same(sparse, MDL_COUNT(sparse));
}

/* A request with a wrong key, a short MAC (RFC 8945, section 5.2.2.1), and what BIND says of them. */
static void test_refusals(void **state)
{
	(void)state;
	struct wire w;
	struct pair p;
	open_with_key(&w, &refused[0]);
	load(&refused[0], &p);
	wire_read(&w, MDL_C2S, mdl_slice(p.blank, p.n));
	seal(&w); /* ours is the right key, so that the MAC is another one */
	assert_int_equal(w.msg.n, p.n);
	assert_memory_not_equal(w.msg.p, p.recorded, p.n);
	load(&refused[1], &p);
	assert_false(p.has_mac);
	wire_read(&w, MDL_S2C, mdl_slice(p.recorded, p.n));
	assert_int_equal(wire_uint(&w, "dns.additional.error"), 16);
	seal(&w); /* BADSIG: nothing to sign with */
	assert_bytes(&w, &p);
	wire_close(&w);
	assert_signs_the_same(&refused[2], 2);
}

struct flow {
	struct wire w[MDL_COUNT(transfer)];
	struct mdl_ctx *x; /* one for all, as a flow has it */
};

static void open_flow(struct flow *f)
{
	open_with_key(&f->w[0], transfer);
	f->x = f->w[0].x;
	for (size_t i = 0; i < MDL_COUNT(transfer); i++) {
		if (i > 0) {
			open_with_key(&f->w[i], transfer);
			mdl_ctx_free(f->w[i].x);
			f->w[i].x = f->x;
		}
		wire_hex(&f->w[i], transfer[i].dir, transfer[i].hex);
	}
}

static void close_flow(struct flow *f)
{
	for (size_t i = MDL_COUNT(transfer); i-- > 0;) {
		if (i > 0)
			f->w[i].x = NULL;
		wire_close(&f->w[i]);
	}
}

static void seal_flow(struct flow *f, bool same)
{
	for (size_t i = 0; i < MDL_COUNT(transfer); i++) {
		struct pair p;
		load(&transfer[i], &p);
		f->x->dir = transfer[i].dir;
		seal(&f->w[i]);
		struct mdl_slice mac = wire_bytes(&f->w[i], "dns.additional.mac");
		const uint8_t *was = p.recorded + (mac.p - f->w[i].msg.p);
		assert_int_equal(memcmp(mac.p, was, mac.n) == 0, same);
	}
}

/* All messages are read first, as a seed is, then changed and signed, again and again. */
static void test_a_change_goes_down_the_chain(void **state)
{
	(void)state;
	struct flow f;
	open_flow(&f);
	seal_flow(&f, true);
	uint32_t rd = wire_find(&f.w[0], "dns.rd");
	for (int round = 0; round < 3; round++) {
		assert_int_equal(mdl_field_set(&f.w[0].msg, &f.w[0].f, rd, 1), MDL_OK);
		seal_flow(&f, false);
		assert_int_equal(mdl_field_set(&f.w[0].msg, &f.w[0].f, rd, 0), MDL_OK);
		seal_flow(&f, true);
	}
	close_flow(&f);
}

static void test_without_a_key_nothing_changes(void **state)
{
	(void)state;
	struct wire w;
	struct pair p;
	load(&singles[0], &p);
	wire_open(&w, &mdl_dns, singles[0].on, NULL);
	wire_read(&w, MDL_C2S, mdl_slice(p.blank, p.n));
	seal(&w);
	assert_memory_equal(w.msg.p, p.blank, p.n);
	wire_close(&w);
}

static void test_an_answer_to_nothing_keeps_its_mac(void **state)
{
	(void)state;
	struct wire w;
	struct pair p;
	load(&singles[1], &p);
	open_with_key(&w, &singles[1]);
	wire_read(&w, MDL_S2C, mdl_slice(p.recorded, p.n));
	seal(&w);
	assert_bytes(&w, &p);
	wire_close(&w);
}

static void test_a_pinned_mac_stays(void **state)
{
	(void)state;
	struct wire w;
	struct pair p;
	load(&singles[0], &p);
	open_with_key(&w, &singles[0]);
	wire_read(&w, MDL_C2S, mdl_slice(p.blank, p.n));
	w.f.v[wire_find(&w, "dns.additional.mac")].pinned = true;
	seal(&w);
	assert_memory_equal(w.msg.p, p.blank, p.n);
	wire_close(&w);
}

static void test_a_mac_of_no_length_gets_the_whole(void **state)
{
	(void)state;
	static const size_t lengths[] = { 0, 1, 9, 33, 64, 200 };
	uint8_t zeros[200] = { 0 };
	for (size_t i = 0; i < MDL_COUNT(lengths); i++) {
		struct wire w;
		struct pair p;
		load(&transfer[0], &p);
		open_with_key(&w, &transfer[0]);
		wire_read(&w, MDL_C2S, mdl_slice(p.recorded, p.n));
		assert_int_equal(mdl_field_splice(&w.msg, &w.f, wire_find(&w, "dns.additional.mac"),
						  mdl_slice(zeros, lengths[i])),
				 MDL_OK);
		wire_repair(&w);
		assert_bytes(&w, &p);
		wire_close(&w);
	}
}

static void test_clocks(void **state)
{
	(void)state;
	static const struct mdl_repair how = { .what = MDL_REL_SEAL | MDL_REL_NOW,
					       .now = 0x123456789a };
	struct wire w;
	struct pair p;
	load(&singles[0], &p);
	open_with_key(&w, &singles[0]);
	wire_read(&w, MDL_C2S, mdl_slice(p.recorded, p.n));
	assert_int_equal(mdl_repair(w.x, &w.msg, &w.f, &how), MDL_OK);
	assert_int_equal(wire_uint(&w, "dns.additional.time_signed"), 0x123456789a);
	struct mdl_slice mac = wire_bytes(&w, "dns.additional.mac");
	assert_memory_not_equal(mac.p, p.recorded + (mac.p - w.msg.p), mac.n);
	wire_close(&w);
}

static void test_bad_keys(void **state)
{
	(void)state;
	static const char *const bad[] = { "x",
					   "hmac-sha3:a:AAAA",
					   "hmac-sha256:a",
					   "hmac-sha256:a:",
					   "hmac-sha256:a:AAA",
					   "hmac-sha256:a:!!!!",
					   "hmac-sha256:a..b:AAAA",
					   "hmac-sha256::",
					   "sha256:a:AAAA" };
	for (size_t i = 0; i < MDL_COUNT(bad); i++) {
		char setting[64];
		struct mdl_ctx *x = NULL;
		struct mdl_why why = { .text = "" };
		snprintf(setting, sizeof(setting), "dns.tsig-key=%s", bad[i]);
		struct mdl_strings settings = { .v = { setting }, .n = 1 };
		assert_int_equal(mdl_ctx_new(&mdl_dns, MDL_DGRAM, &settings, &x, &why), MDL_EINVAL);
		assert_non_null(strstr(why.text, "tsig-key"));
	}
}

/* Other flows' worth of signed messages pass by; what is remembered stays bounded and right. */
static void test_many_requests(void **state)
{
	(void)state;
	struct wire w;
	struct pair p;
	load(&transfer[0], &p);
	open_with_key(&w, &transfer[0]);
	for (unsigned id = 0; id < 200; id++) {
		p.blank[2] = (uint8_t)id;
		wire_read(&w, MDL_C2S, mdl_slice(p.blank, p.n));
		seal(&w);
	}
	wire_close(&w);
	assert_signs_the_same(transfer, MDL_COUNT(transfer));
}

static struct pair loaded[MDL_COUNT(sparse)];

static void sign_somewhere(void)
{
	static const struct mdl_repair how = { .what = MDL_REL_SEAL };
	static const char *const setting = "dns.tsig-key=hmac-sha256:k:AAAA";
	struct mdl_strings settings = { .v = { setting }, .n = 1 };
	struct mdl_ctx *x = NULL;
	struct mdl_fields f;
	struct mdl_buf msg;
	mdl_fields_init(&f);
	mdl_buf_init(&msg, 4096);
	mdl_err err = mdl_ctx_new(&mdl_dns, MDL_STREAM, &settings, &x, NULL);
	for (size_t i = 0; i < MDL_COUNT(sparse) && err == MDL_OK; i++) {
		err = mdl_buf_set(&msg, mdl_slice(loaded[i].blank, loaded[i].n));
		x->dir = sparse[i].dir;
		if (err == MDL_OK)
			err = mdl_dissect(x, mdl_buf_slice(&msg), &f);
		if (err == MDL_OK)
			err = mdl_repair(x, &msg, &f, &how);
	}
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_fields_fini(&f);
	mdl_buf_fini(&msg);
	mdl_ctx_free(x);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	for (size_t i = 0; i < MDL_COUNT(sparse); i++)
		load(&sparse[i], &loaded[i]);
	ALLOC_FAIL_EACH(sign_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_and_answers),
		cmocka_unit_test(test_transfer_of_many_messages),
		cmocka_unit_test(test_unsigned_messages_between),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_a_change_goes_down_the_chain),
		cmocka_unit_test(test_without_a_key_nothing_changes),
		cmocka_unit_test(test_an_answer_to_nothing_keeps_its_mac),
		cmocka_unit_test(test_a_pinned_mac_stays),
		cmocka_unit_test(test_a_mac_of_no_length_gets_the_whole),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_many_requests),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

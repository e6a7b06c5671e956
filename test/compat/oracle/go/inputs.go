package main

// Names of config objects. Few, alike and overlapping, so that generated patterns match some and not others.
var names = []string{
	"", "a", "b", "aa", "ab", "aaa", "aab", "foo", "foo-bar", "foo.bar", "bar", "bar-foo", "foobar", "xfoo", "barx", "fooxbar", "baz",
	"app", "app-config", "app-config-1", "app-config-2", "app-config-12", "app.config", "app--config", "app1", "app-v2",
	"my-app-config", "web-tls", "web-tls-2026", "db-creds", "db.creds", "0", "007", "kube-root-ca.crt",
}

// Elements of a named annotation, already split on commas and trimmed.
var patterns = []string{
	// literals and alternations: the anchors are outside, and nothing groups
	"foo", "foo|bar", "(foo|bar)", "(?:foo|bar)", "foo|", "|bar", "|", "foo|bar|baz", "app-config|db-creds", "^foo|bar$", "foo$|^bar",
	"(foo|bar)-?(bar|foo)?", "a|b", "aa|ab", "(a|b)+", "foo-(bar|baz)", "web|app", "app|", "(|app)", "(app|)-config", "()",
	// parts of names
	"fo", "oo", "o", "app-", "-config", "config", "fo.*", "foo.*", ".*foo", "foo-.*", "foo.+", "my-app", "db", "creds", "web", "tls", "ap", "aaaa", "c", "xfoobar",
	// anchors and boundaries
	"^foo", "foo$", "^foo$", "^^foo$$", "$", "^", "$^", "^$", `\Afoo\z`, `\Afoo`, `foo\z`, `foo\Z`, `\bfoo\b`, `\bapp\b.*`, `foo\b.*`, `\Bfoo`,
	`.*\Bconfig`, `foo\B`, "(^foo|bar$)", "(?m)^foo$", "(?m:^foo$)",
	// any and classes
	".", "..", "...", ".*", ".+", ".?", "a.", "foo.bar", `foo\.bar`, "foo[.]bar", "foo[-.]bar", "foo.?bar", "app.config", `app\.config`,
	"[a-z]+", "[a-z]", "[^a-z]+", "[a-z-]+", "[-a-z]+", "[a-z.-]+", "[a-z0-9]+", "[a-z0-9-]+", "[0-9]+", "[^0-9]+", "[A-Z]+", "[ab]+", "[^ab]+",
	"[]a]", "[^]a]", "[a-]", "[a-c-e]", "[a\\-c]+", "[\\d]+", "[\\w-]+", "[[:alpha:]]+", "[[:digit:]]+", "[[:alnum:]-]+", "[[:^digit:]]+",
	"[[:lower:]]+", "[[:word:]]+", "[[:space:]]*", "[:alpha:]+", "[[:nope:]]", "[&&a]", "[a&&b]", "[a||b]", "[a--b]",
	`\d+`, `\D+`, `\w+`, `\W`, `\s*`, `\S+`, `app\d`, `app-config-\d`, `app-config-\d+`, `app-config-?\d*`, `app-v\d`, `web-tls(-\d{4})?`,
	// quantifiers
	"a*", "a+", "a?", "aa?", "a{2}", "a{3}", "a{2", "3}", "a{1", "a{2}b", "a{}", "a{x}", "a{-1}", "{2}", "{", "}", "a{0}", "(a){2}", "a{1001}",
	"a{1000}", "(a{100}){100}", "(a*)*", "(a*)+", "(a+)+b", "a**", "a*+", "a++", "a*?", "a+?", "a??", "a?*", "+a", "*", "*a", "?", "+", "app-*",
	"app-*config", "*-config", ".*-config", ".*config.*", "app-config-*", "app-config.*", "app*", "app.*", "my-.*", ".*-creds", "db[.-]creds",
	// flags and groups
	"(?i)FOO", "(?i)App-Config", "FOO", "(?i:FOO)-bar", "(?-i)foo", "(?s).*", "(?U)a+", "(?i", "(?x)foo", "(?P<name>foo)", "(?<name>foo)",
	"(?P<n>foo)(?P<n>bar)", "(?P=n)", "(?P<>foo)", "(?#comment)foo", "(?=foo).*", "(?!foo).*", "(?<=foo)bar", "(?<!foo)bar", "(?>foo)", `(a)\1`, `\1`,
	`(?P<n>a)\k<n>`, "(foo", "foo)", "((foo)", ")", "(", "[", "]", "[a", "[z-a]", "[b-a]", "foo[", "foo]", "[^]", "[]", "[[:alpha:]", "(?)", "(?:",
	// escapes
	`\`, `foo\`, `\-`, `foo\-bar`, `foo\/bar`, `\_`, `\Qfoo.bar\E`, `\Qfoo.bar`, `\Q.\E*`, `\E`, `\x66oo`, `\x{66}oo`, `\x{110000}`, `\x6`, `\146oo`, `\0`, `\08`,
	`\pL+`, `\p{L}+`, `\p{Latin}+`, `\p{Greek}+`, `\PL`, `\p{Nope}`, `\p{^L}+`, `\p`, `\p{`, `\a`, `\f`, `\t`, `\n`, `\r`, `\v`, `\C`, `\C+`, `\G`, `\K`, `\R`, `\X`, `\N`, `\h`,
	`\e`, `\c`, `\cA`, `\u0066oo`, `\y`, `\<foo\>`, `\$`, `foo\$`, `\^foo`, `\.`, `.\..`, `\*`, `\\`, `\'`, `\"`, `\ `, `\é`, `\q`,
	// not of a name at all
	"true", "false", "foo bar", "é", "日本", "😀", "foo/bar", "foo=bar", "foo;bar", "foo:bar", "#foo", "foo#", "@", "%", "~foo", "!foo", "-", "--", "_", "foo_bar", "'foo'", `"foo"`, "`foo`", "App",
}

var bools = []string{
	"", "1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False",
	"tRUE", "TrUe", "trUE", "fALSE", "FaLsE", "yes", "Yes", "YES", "no", "y", "n", "on", "off", "ON", "enabled", "disabled", "2", "-1", "+1", "01", "00", "1.0", "0x1",
	" true", "true ", " true ", "\ttrue", "true\n", "\"true\"", "'true'", "true,", "true,false", "tru", "truee", "TT", "tt", "ff", "null", "nil", "undefined", "none", "ｔrue", "true\u00a0", "ｔ", "１",
}

var padded = []string{
	"", " ", "  ", "a", " a", "a ", " a ", "\ta", "a\t", "\na\n", "\r\na\r\n", "\va\f", "a b", " a b ", "\u00a0a\u00a0", "\u0085a\u0085", "\u1680a", "\u180ea", "\u2000a\u200a",
	"\u200ba\u200b", "\u2028a\u2029", "\u202fa", "\u205fa", "\u2060a", "\u3000a\u3000", "\ufeffa\ufeff", "\u0000a\u0000", "\u001ca", "\u001fa", "\u007fa", "\u00ada", "é ", " 😀 ",
}

var lists = []string{
	"", " ", ",", "a", "a,b", "a, b", " a,b ", "a,,b", "a,", ",a", `"a"`, `"a,b"`, `"a,b",c`, `a,"b,c",d`, `"a""b"`, `"a`, `a"b`, `a"`, `"a"b`, ` "a"`, `"a" `, `""`, `"",""`, "a\nb", "a\r\nb", "\"a\nb\"", "\na", "#a",
	"app=web", "app in (a,b)", `"app in (a,b)"`, `"app in (a,b)",tier=web`, "k:v", "k:*", "k=*", "a;b", "'a,b'", `\"a\"`, `a\,b`, "é,日本", "secrets", "configMaps,secrets", "jobs,cronjobs", "jobs, cronjobs",
}

var durations = []string{
	"", "0", "+0", "-0", "1", "-1", "1s", "10s", "1m", "5m", "1h", "1h30m", "1h1m1s", "30m1h", "1.5h", "1.5m", ".5s", "5.s", ".s", "0.5", "-5m", "+5m", "--5m", "5ms", "5us", "5µs", "5μs", "5ns", "0s", "0m", "1d", "1w", "1y", "1H", "1M", "1S",
	"1 m", " 1m", "1m ", "1m 30s", "1m,30s", "1m30", "m", "s", "h", "1e3s", "1_000s", "0x10s", "01m", "007s", "1.0.0s", "1..5s", "9223372036854775807ns", "9223372036854775808ns", "-9223372036854775808ns", "2562047h", "2562048h", "2562047h47m16.854775807s", "2562047h47m16.854775808s",
	"0.3333333333333333333h", "9007199254740993ns", "0.9223372036854775807h", "1m1m", "1s1s1s", "five", "5min", "5sec", "5m0s", "true", "null", "PT5M", "∞", "１s", "1,5s", "3000000h", "100000000000000000000s", "0.100000000000000000000h", "0.1ns", "1.9ns",
}

# The contents that make-hashes.sh hashes.

begin 'ConfigMap: nothing' ConfigMap; finish
begin 'ConfigMap: one key' ConfigMap; text a 1; finish
begin 'ConfigMap: empty value' ConfigMap; text a ''; finish
begin 'ConfigMap: two keys' ConfigMap; text a 1; text b 2; finish
begin 'ConfigMap: two keys, written the other way round' ConfigMap; text b 2; text a 1; finish
begin 'ConfigMap: one key that reads like two (same hash as two keys)' ConfigMap; text a '1;b=2'; finish
begin 'ConfigMap: an equals sign in a value' ConfigMap; text a '=1'; finish
begin 'ConfigMap: value of another key' ConfigMap; text a 2; text b 1; finish
begin 'ConfigMap: a key before its own prefix, for - sorts before =' ConfigMap; text a 1; text a-b 2; finish
begin 'ConfigMap: a key before its own prefix, for . sorts before =' ConfigMap; text a 1; text a.b 2; finish
begin 'ConfigMap: a key before its own prefix, for a digit sorts before =' ConfigMap; text a 1; text a1 2; finish
begin 'ConfigMap: a key after its own prefix, for _ sorts after =' ConfigMap; text a_ 2; text a 1; finish
begin 'ConfigMap: a key after its own prefix, for a letter sorts after =' ConfigMap; text ab 2; text a 1; finish
begin 'ConfigMap: capitals before small letters' ConfigMap; text b 1; text B 2; text a 3; text A 4; finish
begin 'ConfigMap: digits as text' ConfigMap; text 10 x; text 9 y; text 1 z; finish
begin 'ConfigMap: a newline at the end' ConfigMap; text a $'1\n'; finish
begin 'ConfigMap: lines' ConfigMap; text app.properties $'color=blue\nsize=10\n'; text empty ''; finish
begin 'ConfigMap: carriage returns and tabs' ConfigMap; text a $'x\r\n\ty'; finish
begin 'ConfigMap: quotes and backslashes' ConfigMap; text a 'say "hi" \n'; finish
begin 'ConfigMap: percent and dollar signs' ConfigMap; text a '%s %d $HOME $(id)'; finish
begin 'ConfigMap: spaces around' ConfigMap; text a ' 1 '; finish
begin 'ConfigMap: accents' ConfigMap; text a 'café'; finish
begin 'ConfigMap: accents composed otherwise' ConfigMap; text a $'cafe\xcc\x81'; finish
begin 'ConfigMap: Japanese' ConfigMap; text a '日本語'; text b 'かな'; finish
begin 'ConfigMap: beyond the basic plane' ConfigMap; text a '😀'; finish
begin 'ConfigMap: bytes sort apart from UTF-16 units' ConfigMap; text $'\xf0\x9f\x98\x80' 1; text $'\xef\xbc\xa1' 2; finish
begin 'ConfigMap: binaryData only' ConfigMap; binary a 00ff10; finish
begin 'ConfigMap: binaryData empty' ConfigMap; binary a ''; finish
begin 'ConfigMap: binaryData padded once' ConfigMap; binary a 0102; finish
begin 'ConfigMap: binaryData padded twice' ConfigMap; binary a 01; finish
begin 'ConfigMap: binaryData with + and / in its base64' ConfigMap; binary a fbefbeffff; finish
begin 'ConfigMap: data and binaryData are sorted together' ConfigMap; text c 3; binary b 02; text a 1; finish
begin 'ConfigMap: text that is the base64 of binaryData (same hash as binaryData padded twice)' ConfigMap; text a 'AQ=='; finish
begin 'ConfigMap: the same bytes as data and as binaryData' ConfigMap; text a hello; binary b 68656c6c6f; finish

begin 'Secret: nothing' Secret; finish
begin 'Secret: one key (same hash as the ConfigMap)' Secret; plain a 1; finish
begin 'Secret: empty value' Secret; plain a ''; finish
begin 'Secret: two keys' Secret; plain b 2; plain a 1; finish
begin 'Secret: one key that reads like two (same hash as two keys)' Secret; plain a '1;b=2'; finish
begin 'Secret: the name of a key moves into its value' Secret; plain a 'b=1'; finish
begin 'Secret: a newline at the end' Secret; plain password $'hunter2\n'; finish
begin 'Secret: zero bytes' Secret; secret a 000000; finish
begin 'Secret: not UTF-8' Secret; secret a fffe80c0; finish
begin 'Secret: every byte' Secret
secret all "$(for ((i = 0; i < 256; i++)); do printf '%02x' "$i"; done)"
finish
begin 'Secret: a replacement character is not the byte that it replaces' Secret; secret a efbfbd; finish
begin 'Secret: sorted by the value where entries are alike' Secret; plain a.b 1; plain a 2; plain a-b 3; plain A 4; plain a_b 5; finish
begin 'Secret: unicode' Secret; plain a 'pässwörd 😀'; finish
begin 'Secret: a pair' Secret; plain tls.key 'KEY'; plain tls.crt 'CRT'; plain ca.crt 'CA'; finish
begin 'Secret: base64 as its value' Secret; plain a 'AQ=='; finish

begin 'SecretProviderClass: no objects' SecretProviderClass vault; finish
begin 'SecretProviderClass: one object' SecretProviderClass vault; object secret/db 1; finish
begin 'SecretProviderClass: another version' SecretProviderClass vault; object secret/db 2; finish
begin 'SecretProviderClass: another class' SecretProviderClass azure; object secret/db 1; finish
begin 'SecretProviderClass: capitals before and after the name of the class' SecretProviderClass vault
object secret/db 1; object Zed 2; object Alpha 3; object SecretProviderClass 4; object 0 5
finish
begin 'SecretProviderClass: empty version' SecretProviderClass vault; object a ''; finish
begin 'SecretProviderClass: same id twice' SecretProviderClass vault; object a 2; object a 1; finish
begin 'SecretProviderClass: one object that reads like two (same hash as two)' SecretProviderClass vault; object a '1;b=2'; finish
begin 'SecretProviderClass: two objects' SecretProviderClass vault; object b 2; object a 1; finish
begin 'SecretProviderClass: empty class' SecretProviderClass ''; object a 1; finish

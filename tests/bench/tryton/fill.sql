-- Rows of the demo's CSV as parties with an address, two or three contact mechanisms and an identifier, in the tables that
-- Tryton's own code fills; the CSV's bad rows are as good as others here.
CREATE TEMP TABLE row AS SELECT row_number() OVER () + 100 AS id, * FROM csv;
INSERT INTO party_party(id, create_date, create_uid, active, code, name)
  SELECT id, now() - (id || ' seconds')::interval, 1, true, 'P' || id, coalesce(nullif(name, ''), person, '?') FROM row;
INSERT INTO party_address(create_date, create_uid, active, party, street, city, sequence)
  SELECT now(), 1, true, id, address, region, 1 FROM row WHERE address <> '';
INSERT INTO party_contact_mechanism(create_date, create_uid, active, party, type, value, value_compact, sequence)
  SELECT now(), 1, true, id, 'mobile', mobile, mobile, 1 FROM row WHERE mobile <> '';
INSERT INTO party_contact_mechanism(create_date, create_uid, active, party, type, value, value_compact, sequence)
  SELECT now(), 1, true, id, 'phone', phone, phone, 2 FROM row WHERE phone <> '';
INSERT INTO party_contact_mechanism(create_date, create_uid, active, party, type, value, value_compact, sequence)
  SELECT now(), 1, true, id, 'email', mail, mail, 3 FROM row WHERE mail <> '';
INSERT INTO party_identifier(create_date, create_uid, party, code)
  SELECT now(), 1, id, coalesce(nullif(uscc, ''), resident) FROM row WHERE uscc <> '' OR resident <> '';
SELECT setval('party_party_id_seq', (SELECT max(id) FROM party_party));
ANALYZE;

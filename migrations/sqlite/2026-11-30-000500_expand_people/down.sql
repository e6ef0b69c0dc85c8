-- Without their columns they would be tokens for the API, and the release before does not know the scope `own`.
DELETE FROM tokens WHERE kind IS NOT NULL OR scopes = 'own';
-- They would allow more than the role of their person does.
UPDATE tokens SET revoked_at = unixepoch() * 1000000 WHERE person_id IS NOT NULL AND revoked_at IS NULL;
DROP INDEX tokens_ended;
DROP INDEX tokens_capturing_for;
DROP INDEX tokens_for_api;
DROP INDEX tokens_of_kind;
DROP INDEX tokens_of_person;
ALTER TABLE tokens DROP COLUMN person_id;
-- Its check names another column, so that one can only be dropped later.
ALTER TABLE tokens DROP COLUMN kind;
DROP TABLE people;

-- The 75 districts of Uttar Pradesh, by the names that the state uses. Fixed:
-- package district holds the same list, and a test compares the two.

-- +goose Up
CREATE TABLE districts (
    name text PRIMARY KEY CHECK (name ~ '^[A-Z][a-z]+( [A-Z][a-z]+)*$')
);
INSERT INTO districts (name) VALUES
    ('Agra'),
    ('Aligarh'),
    ('Ambedkar Nagar'),
    ('Amethi'),
    ('Amroha'),
    ('Auraiya'),
    ('Ayodhya'),
    ('Azamgarh'),
    ('Baghpat'),
    ('Bahraich'),
    ('Ballia'),
    ('Balrampur'),
    ('Banda'),
    ('Barabanki'),
    ('Bareilly'),
    ('Basti'),
    ('Bhadohi'),
    ('Bijnor'),
    ('Budaun'),
    ('Bulandshahr'),
    ('Chandauli'),
    ('Chitrakoot'),
    ('Deoria'),
    ('Etah'),
    ('Etawah'),
    ('Farrukhabad'),
    ('Fatehpur'),
    ('Firozabad'),
    ('Gautam Buddha Nagar'),
    ('Ghaziabad'),
    ('Ghazipur'),
    ('Gonda'),
    ('Gorakhpur'),
    ('Hamirpur'),
    ('Hapur'),
    ('Hardoi'),
    ('Hathras'),
    ('Jalaun'),
    ('Jaunpur'),
    ('Jhansi'),
    ('Kannauj'),
    ('Kanpur Dehat'),
    ('Kanpur Nagar'),
    ('Kasganj'),
    ('Kaushambi'),
    ('Kushinagar'),
    ('Lakhimpur Kheri'),
    ('Lalitpur'),
    ('Lucknow'),
    ('Maharajganj'),
    ('Mahoba'),
    ('Mainpuri'),
    ('Mathura'),
    ('Mau'),
    ('Meerut'),
    ('Mirzapur'),
    ('Moradabad'),
    ('Muzaffarnagar'),
    ('Pilibhit'),
    ('Pratapgarh'),
    ('Prayagraj'),
    ('Raebareli'),
    ('Rampur'),
    ('Saharanpur'),
    ('Sambhal'),
    ('Sant Kabir Nagar'),
    ('Shahjahanpur'),
    ('Shamli'),
    ('Shravasti'),
    ('Siddharthnagar'),
    ('Sitapur'),
    ('Sonbhadra'),
    ('Sultanpur'),
    ('Unnao'),
    ('Varanasi');

-- +goose StatementBegin
DO $$
BEGIN
    IF (SELECT count(*) FROM districts) <> 75 THEN
        RAISE EXCEPTION 'Uttar Pradesh has 75 districts';
    END IF;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER districts_are_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON districts
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE districts;

from posegloss.datasets.avatar import LEXICON, Signer


def test_signers_are_the_same_on_every_call_and_differ_from_each_other() -> None:
    signers = [Signer.random(i) for i in range(20)]
    assert signers == [Signer.random(i) for i in range(20)]
    assert signers[3].name == "avatar-003"
    assert len({(s.look.skin, s.look.hair, s.look.hair_style, s.look.shirt) for s in signers}) == 20
    assert 1 <= sum(s.left_handed for s in signers) <= 8
    assert len({s.style.rest for s in signers}) == 3


def test_the_lexicon_is_invented_and_has_near_pairs() -> None:
    assert len(LEXICON) >= 12
    assert len(set(LEXICON.values())) == len(LEXICON)
    places = [sign.location for sign in LEXICON.values()]
    assert max(places.count(place) for place in places) >= 3

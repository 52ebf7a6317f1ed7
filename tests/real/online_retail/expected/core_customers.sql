-- Nearest are those who have one of the two conditions.
select
    contact,
    spends.member as found_1,
    frequent.member as found_2,
    abroad.member as found_3,
    spends.member and (frequent.member or abroad.member) as member,
    if(spends.member or frequent.member or abroad.member, 0, 1) as distance
from big_spenders as spends join frequent_buyers as frequent using (contact) join abroad using (contact)

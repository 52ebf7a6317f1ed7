(from big_spenders union from regulars) except from cancelled_lately
